"""Answers found from the prompt's text alone, otherwise than the problems find them."""

import re
import string

ALPHABET = string.ascii_lowercase + string.ascii_uppercase


def solve(name: str, prompt: str) -> str:
    return SOLVERS[name](prompt)


def symbols(prompt: str) -> list[str]:
    return re.findall(r"s\d+", prompt)


def replaced(prompt: str) -> str:
    old, new, rest = re.fullmatch(r"Replace (\S+) with (\S+) in (.*) \[SEP\]", prompt).groups()
    assert set(rest.split()) == {old} != {new}
    return rest.replace(old, new)


def added(prompt: str) -> str:
    a, b = re.fullmatch(r"Compute ([\d ]+) \+ ([\d ]+) \?", prompt).groups()
    total = int(a.replace(" ", "")) + int(b.replace(" ", ""))
    return f"The answer is {' '.join(str(total))} ."


def summed(prompt: str) -> str:
    return f"The answer is {sum(map(int, re.findall('[1-9]', prompt))) % 10} ."


def ordered(prompt: str) -> str:
    items = re.search(r"\[ (.*) \]", prompt)[1].split(" , ")
    key = ALPHABET.index if items[0].isalpha() else lambda item: int(item.replace(" ", ""))
    return f"The sorted list is [ {' , '.join(sorted(items, key=key))} ] ."


def even(prompt: str) -> str:
    bits = re.search(r"\[ (.*) \]", prompt)[1].replace(" ", "")
    return f"The answer is {'Yes' if int(bits, 2).bit_count() % 2 == 0 else 'No'} ."


def evaluated(prompt: str) -> str:
    plain = prompt.replace("- ", "-")
    x = int(re.search(r"x = (-?\d)", plain)[1])
    coefficients = [0] * 4
    for c, e in re.findall(r"(-?\d) \* x \*\* (\d)", plain):
        coefficients[int(e)] += int(c)
    value = 0
    for coefficient in reversed(coefficients):  # Horner
        value = value * x + coefficient
    return f"The answer is {value % 10} ."


def followed(prompt: str) -> str:
    told = dict(re.findall(r"(\w) = (\S+(?: \w)?)", prompt))
    name = re.search(r"value of (\w) \?", prompt)[1]
    minus = 0
    while " " in told[name]:
        sign, name = told[name].split()
        minus += sign == "-"
    return "+1" if (told[name] == "-1") == (minus % 2 == 1) else "-1"


def commanded(prompt: str) -> str:
    return " ".join(_command(prompt.removeprefix("Solve: ")))


def _command(text: str) -> list[str]:
    for joint in (" and ", " after "):
        if joint in text:
            first, second = map(_command, text.split(joint))
            return first + second if joint == " and " else second + first
    for word, times in ((" twice", 2), (" thrice", 3)):
        if text.endswith(word):
            return _command(text.removesuffix(word)) * times
    verb, *way = text.split()
    act = [] if verb == "turn" else [verb.capitalize()]
    if not way:
        return act
    turn = [way[-1].capitalize()]
    return {"around": (turn + act) * 4, "opposite": turn * 2 + act}.get(way[0], turn + act)


def nested(prompt: str) -> str:
    """From right to left, with a stack of second strings."""
    current, stack = "", []
    for word in reversed(prompt.removeprefix("Solve: ").split()):
        if len(word) == 1 and word.isalpha():
            current = word + current
        elif word == ",":
            stack.append(current)
            current = ""
        elif word in ("append", "prepend", "remove_first", "remove_second"):
            second = stack.pop()
            current = {
                "append": current + second,
                "prepend": second + current,
                "remove_first": second,
                "remove_second": current,
            }[word]
        else:
            first, last = current[0], current[-1]
            current = {
                "copy": current,
                "reverse": "".join(reversed(current)),
                "shift": current[1:] + first,
                "swap": last + current[1:-1] + first,
                "repeat": current * 2,
                "echo": current + last,
            }[word]
    assert not stack
    return " ".join(current)


SOLVERS = {
    "rsc": lambda prompt: " ".join(symbols(prompt)),
    "rsc2x": lambda prompt: " ".join(symbols(prompt) * 2),
    "rdc": replaced,
    "cmc": lambda prompt: " ".join(symbols(prompt)),
    "cmc2x": lambda prompt: " ".join((*symbols(prompt), "[NEXT]", *symbols(prompt))),
    "mc": lambda prompt: " ".join(reversed(symbols(prompt))),
    "mc2x": lambda prompt: " ".join((*reversed(symbols(prompt)), "[NEXT]", *reversed(symbols(prompt)))),
    "mcrv": lambda prompt: " ".join((*reversed(symbols(prompt)), "[NEXT]", *symbols(prompt))),
    "addition": added,
    "summation": summed,
    "sorting single": ordered,
    "sorting multi": ordered,
    "parity": even,
    "polynomial": evaluated,
    "lego": followed,
    "scan": commanded,
    "pcfg": nested,
}
