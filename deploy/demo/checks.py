"""Holds what came out against what went in. A difference is a sentence."""

from people import personal_data


def of(count, noun):
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def some(values):
    values = sorted(values)
    return ", ".join(values[:5]) + (f" and {len(values) - 5} more" if len(values) > 5 else "")


def users(made, stored):
    missing = made.users.keys() - stored.keys()
    surplus = stored.keys() - made.users.keys()
    if missing:
        yield f"{of(len(missing), 'user')} missing from the table: {some(missing)}"
    if surplus:
        yield f"{of(len(surplus), 'user')} too many in the table: {some(surplus)}"
    wrong = []
    for user_id in made.users.keys() & stored.keys():
        kept = {name: value for name, value in stored[user_id].items() if not name.startswith("_")}
        if kept != made.users[user_id]:
            wrong.append(user_id)
    if wrong:
        first = min(wrong)
        yield (f"{of(len(wrong), 'user')} with wrong attributes: {some(wrong)}; "
               f"{first} is {stored[first]}, should be {made.users[first]}")


def rejects(made, found, bucket):
    """Each expected reject takes one of those found away."""
    left = list(found)
    for want in made.rejects:
        source = want.source.format(bucket=bucket)
        match = next((one for one in left if one["reason"] == want.reason
                      and one["source"].startswith(source)
                      and (one["line"], one["offset"]) == (want.line, want.offset)), None)
        if match:
            left.remove(match)
        else:
            yield f"no reject {want.reason} from {source} line {want.line} offset {want.offset}"
    for one in left:
        yield (f"unexpected reject {one['reason']} {one['field']} from {one['source']} "
               f"line {one['line']} offset {one['offset']}")


def queues(cloud, names):
    for name in names:
        waiting = cloud.waiting(name)
        if waiting:
            yield f"{of(waiting, 'message')} left in {name}"


OUTCOMES = ["written", "duplicate", "stale", "rejected", "deferred", "failed"]


def counts(made, counted):
    """The function's own accounting: every record in exactly one outcome, none of them failed."""
    for source, records in made.records.items():
        of_source = counted.get(source, {})
        if of_source.get("in", 0) != records:
            yield f"{source}: the log counts {of_source.get('in', 0)} records, {records} were sent"
        total = sum(of_source.get(name, 0) for name in OUTCOMES)
        if total != of_source.get("in", 0):
            yield f"{source}: {of_source.get('in', 0)} records in, but {total} outcomes"
        if of_source.get("failed", 0):
            yield f"{source}: {of_source['failed']} records failed"


def log(made, text):
    seen = sum(1 for value in personal_data(made) if value in text)
    if seen:
        yield f"the log holds {seen} names, telephone numbers or addresses of users"


def host(status, totals):
    if status:
        yield f"lambda-local ended with status {status}"
    if not totals:
        yield "lambda-local wrote no totals"
