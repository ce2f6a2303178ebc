# For scripts that work in an empty Debian, a folder with a system of its own; they source this. `folder` is its path, `source`
# that of the repository, `settings` are variables for what runs inside. What tells cargo, pip and apt of mirrors, proxies and
# certificates (variables, ~/.cargo/config.toml) is taken along.

# The world outside, as this machine sees it, and the sources of HEAD in /earmark. What was built there before stays.
furnish() {
    mkdir -p "$folder/root/.cargo"
    cp /etc/resolv.conf "$folder/etc/resolv.conf"
    # debootstrap leaves it to the installer.
    printf '127.0.0.1 localhost\n::1 localhost\n' > "$folder/etc/hosts"
    for certificates in "${SSL_CERT_FILE:-}" /etc/ssl/certs/ca-certificates.crt; do
        if [ -f "$certificates" ]; then
            mkdir -p "$folder$(dirname "$certificates")"
            cp -L "$certificates" "$folder$certificates"
        fi
    done
    for file in config.toml config; do
        if [ -f "${CARGO_HOME:-$HOME/.cargo}/$file" ]; then cp "${CARGO_HOME:-$HOME/.cargo}/$file" "$folder/root/.cargo/"; fi
    done
    if [ -n "${PIP_FIND_LINKS:-}" ] && [ -d "$PIP_FIND_LINKS" ]; then
        mkdir -p "$folder$PIP_FIND_LINKS"
        cp -a "$PIP_FIND_LINKS/." "$folder$PIP_FIND_LINKS/"
    fi
    mkdir -p "$folder/earmark"
    find "$folder/earmark" -mindepth 1 -maxdepth 1 ! -name target -exec rm -rf {} +
    (cd "$source" && git archive HEAD) | tar -x -C "$folder/earmark"
}

mounted() { grep -q " $1 " /proc/mounts; }

# Until the script ends.
mount_system() {
    trap unmount_system EXIT
    mounted "$folder/proc" || mount -t proc proc "$folder/proc"
    mounted "$folder/dev" || mount --bind /dev "$folder/dev"
}

unmount_system() {
    # What still runs inside keeps them busy; they go with it.
    for inside in dev proc; do if mounted "$folder/$inside"; then umount --lazy "$folder/$inside"; fi; done
}

# Runs a line of shell in /earmark.
inside() {
    env -i HOME=/root LANG=C.UTF-8 TERM="${TERM:-dumb}" PATH=/opt/rust/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        $(env | grep -E '^(CARGO_(BUILD_JOBS|HTTP|NET|REGISTR|SOURCE)[A-Z_]*|PIP_[A-Z_]*|SSL_CERT_[A-Z]*|[A-Za-z]*_(PROXY|proxy))=' || true) \
        ${settings:-} chroot "$folder" sh -c "cd /earmark && $1"
}
