"""The network of pack `phrase`: one vector every 40 ms that says which speech sound is heard, whoever says it.

Phrases are compared as sequences of such vectors. In the order of the data: `pronounce` (text to speech sounds),
`align` (when each is said), `bank` (recordings as features and frame labels), `augment` (voices, rooms, noise),
`network`, `train`, `spread` (what is done to the vectors of a finished network), `export`, `templates` (what is kept
of an enrolled clip), `law` (how alike two sayings are), `trials` (how well phrases are found that training never had),
`usual` (the limits that they need).
"""
