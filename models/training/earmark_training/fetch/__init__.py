"""Brings more recordings: from a list of packages to a corpus folder with one manifest row a file.

    python -m earmark_training.fetch --packages packages.toml --out DIR [--downloads DIR] [--known CORPUS]

`packages` reads the list (data, not code: what a package holds, who speaks, which licence); `debian` downloads a
package,
checks its hash, unpacks it and reads its copyright file; `talkies` reads two games that keep their spoken lines in
containers of their own; `recordings` decodes, levels, cuts and drops doubles; `twins` finds recordings that another
corpus already has, whatever they were encoded with. The folder is one that `corpus.list_clips` reads.
"""
