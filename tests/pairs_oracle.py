"""The training pairs of a history by the written rules, in plain Python."""

from collections import Counter
from urllib.parse import quote

import xxhash


def subject(task, text):
    before, after = task.subject_frame or (task.instruction, None)
    rest = text.partition(before)[2]
    return (rest.partition(after)[0] if after else rest).strip()


def expected(task, rows, exclude=(), visible="none", style="task", limit=16, seed=0):
    """The pairs, and what became of the items."""
    users = {}
    for row in sorted(rows, key=lambda row: (len(row["id"]), row["id"])):
        users.setdefault(row["user_id"], []).append(row)
    pairs, counts = [], Counter(users=len(users))
    for user in sorted(users, key=lambda user: (len(user), user)):
        asking = [row for row in (*rows, *exclude) if row["user_id"] == user]
        asked = {subject(task, row["input"]) for row in asking}
        golds = {(row["output"] or "").strip() for row in asking} if task.kind == "generation" else set()
        items, number = _distinct(task, users[user])
        counts["items"] += number
        good, times = [], Counter()
        for item in items:
            name = f"{quote(user, safe='')}/{quote(item['id'], safe='')}"
            times[name] += 1
            text, output = ((item[name] or "").strip() for name in (task.pair.text, task.pair.output))
            if not text or not output:
                counts["incomplete"] += 1
            elif text in asked or output in golds:
                counts["leaks"] += 1
            else:
                good.append((name if times[name] == 1 else f"{name}/{times[name]}", item))
        inputs = set()
        for name, item in good:
            pair = {"id": name, "user_id": user, **_texts(task, user, item, style, seed)}
            if pair["input"] not in inputs:
                inputs.add(pair["input"])
                seen = VISIBLE[visible]([other for _, other in good], item, limit)
                pairs.append({**pair, "profile": [{key: other[key] for key in task.item_fields} for other in seen]})
    counts["pairs"] = len(pairs)
    counts["duplicates"] = counts["items"] - sum(counts[name] for name in ("pairs", "leaks", "incomplete"))
    return pairs, counts


def _distinct(task, rows):
    items, most = {}, Counter()
    for row in rows:
        times = Counter()
        for item in row["profile"]:
            text, output = ((item[name] or "").strip() for name in (task.pair.text, task.pair.output))
            key = (text,) if text and output else (text, output)
            items.setdefault(key, item)
            times[key] += 1
        most |= times
    return list(items.values()), most.total()


def _texts(task, user, item, style, seed):
    instruction = task.pair.instruction if style == "official" and task.pair.instruction else task.instruction
    if task.pair.lead is None:
        return {"input": f"{instruction} {item[task.pair.text]}", "output": item[task.pair.output]}
    low, high = task.pair.lead
    text = item[task.pair.text]
    words = text.split()
    drawn = xxhash.xxh3_64_intdigest(f"{seed}\0{user}\0{text}".encode()) / 2**64
    first = int(len(words) * (low + (high - low) * drawn))
    return {"input": f"{instruction} {' '.join(words[:first])}", "output": " ".join(words[first:])}


def surely_earlier(one, other):
    """Whether every day of one date is before every day of the other."""
    if one is None or other is None:
        return False
    both = list(zip(one.split("-"), other.split("-"), strict=False))
    return next((a < b for a, b in both if a != b), False)


def last_day(date):
    return [*date.split("-"), "99", "99"][:3]


def _earlier(items, item, limit):
    found = [other for other in items if surely_earlier(other.get("date"), item.get("date"))]
    found.sort(key=lambda other: last_day(other["date"]))
    return found if limit is None else found[max(0, len(found) - limit) :]


def _others(items, item, limit):
    own = next(position for position, other in enumerate(items) if other is item)
    nearest = sorted((abs(n - own), n) for n in range(len(items)) if n != own)
    return [items[n] for n in sorted(n for _, n in nearest[:limit])]


VISIBLE = {"none": lambda items, item, limit: [], "earlier": _earlier, "others": _others}
