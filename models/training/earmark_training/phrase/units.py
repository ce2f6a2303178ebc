"""The speech sounds of the frame labels: those of English (ARPAbet without stress) and seven that other languages add.

X is a velar or uvular fricative, RR a tap or trill, UE a front rounded vowel, NY a palatal nasal, EE and OO are close
e and o.
"""

ENGLISH = """
    AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH
"""
OTHERS = "X RR UE TS NY EE OO"
UNITS = ("SIL", *ENGLISH.split(), *OTHERS.split())
INDEX = {unit: index for index, unit in enumerate(UNITS)}
UNLABELLED = -1
