"""Takes the latency of calls at several sizes of the database: see scripts/measure-growth."""

import argparse
import atexit
import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import time
import uuid

PLAN = "anthem-blue-medicare-advantage"
BATCH = 5_000
MEMBERS = 20_000
WANTED = 1.3


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--directory", required=True)
    parser.add_argument("--sizes", default="10000,300000,3000000")
    parser.add_argument("--calls", type=int, default=200)
    return parser.parse_args()


def sql(text, url=os.environ.get("DATABASE_URL")):
    told = subprocess.run(["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", url], input=text, text=True, capture_output=True)
    if told.returncode:
        sys.exit(f"{text[:200]}: {told.stderr}")
    return told.stdout.strip()


class Service:
    def __init__(self, program, directory):
        self.log = open(os.path.join(directory, "service.log"), "ab")
        command = [program, "serve", "--listen", "127.0.0.1:0", "--sandbox", "--log-format", "json", "--database-url", os.environ["DATABASE_URL"]]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self.log, text=True)
        atexit.register(self.stop)
        line = self.process.stdout.readline()
        found = re.match(r"oncoauth listens on http://(.*)", line)
        if not found:
            sys.exit("the service did not start: " + open(self.log.name).read()[-2000:])
        self.connection = http.client.HTTPConnection(found.group(1), timeout=120)

    def call(self, method, path, token, body=None, wanted=(200, 201), kind="application/json", headers=None):
        if body is not None and not isinstance(body, str):
            body = json.dumps(body)
        headers = {"Authorization": f"Bearer {token}", **({"Content-Type": kind} if body else {}), **(headers or {})}
        begun = time.perf_counter()
        self.connection.request(method, path, body, headers)
        answer = self.connection.getresponse()
        text = answer.read()
        taken = time.perf_counter() - begun
        if answer.status not in wanted:
            sys.exit(f"{method} {path}: {answer.status} {text[:500]}")
        return taken, json.loads(text) if text else None

    def stop(self):
        self.process.terminate()
        self.process.wait()


def rosters(service):
    member = lambda number: {
        "member_id": f"XKM7{number:08}", "first_name": "Test", "last_name": f"Member{number}", "birth_date": "1960-01-15", "sex": "female",
        "line_of_business": "medicare_advantage", "product": "medicare_ppo", "state": "MO", "coverage_from": "2020-01-01"}
    provider = lambda npi, kind, tax_id, **names: {
        "npi": npi, "kind": kind, "tax_ids": [tax_id], "specialty": "Oncology", "state": "MO", "phone": None, "address": None, "in_network": True, **names}
    files = {
        "members": [member(number) for number in range(MEMBERS)],
        "providers": [provider("1234567893", "individual", "900000001", first_name="Ordering", last_name="Clinician"),
                      provider("1245319599", "facility", "900000002", name="Sample Infusion Center")]}
    for name, rows in files.items():
        lines = "\n".join(json.dumps(row) for row in rows)
        service.call("PUT", f"/v1/rosters/{PLAN}/{name}", "sandbox-administrator", lines, kind="application/x-ndjson")


def template():
    """The order that scripts/measure places as well."""
    source = open("benches/load/orders.rs").read()
    return re.search(r'const ORDER: &str = r#"(.*?)"#;', source, re.S).group(1)


class Orders:
    def __init__(self, service):
        self.service, self.text, self.next = service, template(), 0
        self.today = service.call("GET", "/v1/sandbox/clock", "sandbox-administrator")[1]["now"][:10]

    def place(self, change=lambda order: None):
        number, self.next = self.next, self.next + 1
        filled = {"PLAN": PLAN, "MEMBER-ID": f"XKM7{number:08}", "FIRST-NAME": "Test", "LAST-NAME": f"Member{number}",
                  "BIRTH-DATE": "1960-01-15", "TODAY": self.today}
        text = self.text
        for place, value in filled.items():
            text = text.replace(place, value)
        order = json.loads(text)
        change(order)
        return self.service.call("POST", "/v1/orders", "sandbox-ordering-provider", order, headers={"Idempotency-Key": str(uuid.uuid4())})


def without_her2(order):
    order["clinical"]["biomarkers"] = [marker for marker in order["clinical"]["biomarkers"] if marker["name"] != "her2"]


def templates(service, orders):
    """Of a thousand cases 990 are authorized, five wait for a reviewer, and five were taken back."""
    authorized, pended, withdrawn = orders.place()[1], orders.place(without_her2)[1], orders.place()[1]
    service.call("POST", f"/v1/orders/{withdrawn['case_id']}/withdrawals", "sandbox-ordering-provider", {"drugs": "all", "reason": "voluntarily_cancelled"})
    rows = [(authorized["case_id"], "authorized", 990), (pended["case_id"], "in_progress", 5), (withdrawn["case_id"], "review_cancelled", 5)]
    for case_id, status, _ in rows:
        stored = sql(f"select status from cases where case_id = '{case_id}'")
        if stored != status:
            sys.exit(f"a template is {stored} instead of {status}")
    values = ", ".join(f"('{case_id}', '{status}', {share})" for case_id, status, share in rows)
    sql(f"insert into growth.templates values {values}")


def room_for(size, directory, used):
    """The size, or what half of the free disk holds."""
    now, cases = int(sql("select pg_database_size(current_database())")), int(sql("select count(*) from cases"))
    each = max(now - used, 1) / max(cases, 1) if cases >= 5_000 else 20_000
    free = shutil.disk_usage(directory).free
    return min(size, cases + int(free / 2 / each))


def grow(first, last):
    begun = time.perf_counter()
    for start in range(first + 1, last + 1, BATCH):
        sql(f"call growth.make({start}, {min(start + BATCH - 1, last)}, {first + 1}, {last})")
    sql("vacuum analyze")
    sql("checkpoint")
    print(f"{last} cases after {time.perf_counter() - begun:.0f} s", file=sys.stderr)


def calls(service, orders, placed, size):
    """Every kind of call, by name: what it is, and whose. A call that finds what there is to find at each size finds the same there."""
    practice, nurse, plan, center = "sandbox-ordering-provider", "sandbox-nurse", "sandbox-health-plan", "sandbox-servicing-provider"
    number = {"next": 0}

    def each(of):
        number["next"] += 7
        return of[number["next"] % len(of)]

    def of_member():
        nth = 1 + number["next"] * 7919 % size
        number["next"] += 1
        member = {"health_plan": PLAN, "member_id": f"G{nth:09}", "first_name": "Growth", "last_name": f"Member{nth}", "birth_date": "1950-01-15"}
        return {"member": member, "hcpcs": "J9171", "date": orders.today}

    get = lambda token, path: lambda: service.call("GET", path, token)
    last = sql(f"select event_id from feed_events where health_plan = '{PLAN}' order by position desc offset 50 limit 1")
    year = int(orders.today[:4])
    return {
        "submit an order": lambda: orders.place(),
        "preview an order": lambda: service.call("POST", "/v1/orders/preview", practice, placed["order"]),
        "verify by Order ID": lambda: service.call("POST", "/v1/verifications", center, {"order_id": each(placed["order_ids"]), "hcpcs": "J9171"}),
        "verify by member and code": lambda: service.call("POST", "/v1/verifications", center, of_member()),
        "read a case": lambda: service.call("GET", f"/v1/orders/{each(placed['case_ids'])}", practice),
        "list: a practice with 500 cases": get(practice, "/v1/orders?fields=summary"),
        "list: the same, by a patient's name": lambda: service.call("POST", "/v1/orders/searches", practice, {"fields": "summary", "member_name": "member4"}),
        "list: the same, by status": get(practice, "/v1/orders?fields=summary&status=in_progress"),
        "list: an infusion center with every case": get(center, "/v1/orders?fields=summary"),
        "list: a plan": get(plan, "/v1/orders?fields=summary"),
        "list: a reviewer": get(nurse, "/v1/orders?fields=summary"),
        "worklist": get(nurse, "/v1/reviews"),
        "feed, the last page": get(plan, f"/v1/feeds/{PLAN}/events?after={last}"),
        "feed, the first page": get(plan, f"/v1/feeds/{PLAN}/events?limit=50"),
        "reviewer: in progress": get(nurse, "/v1/orders?fields=summary&status=in_progress"),
        "reviewer: taken back": get(nurse, "/v1/orders?fields=summary&status=review_cancelled"),
        "reviewer: a status that no case has": get(nurse, "/v1/orders?fields=summary&status=multiple_decisions_rendered"),
        "reviewer: two statuses that are rare": get(nurse, "/v1/orders?fields=summary&status=non_authorized,review_cancelled"),
        "reviewer: a day two years ago": get(nurse, f"/v1/orders?fields=summary&submitted_from={year - 2}-06-01&submitted_to={year - 2}-06-01"),
        "reviewer: before three years ago": get(nurse, f"/v1/orders?fields=summary&submitted_to={year - 4}-01-01"),
        "reviewer: an old month, taken back": get(
            nurse, f"/v1/orders?fields=summary&submitted_from={year - 2}-06-01&submitted_to={year - 2}-06-30&status=review_cancelled"),
        "reviewer: a clinician with ten cases": get(nurse, "/v1/orders?fields=summary&ordering_npi=1999999984"),
        "reviewer: a clinician without a case": get(nurse, "/v1/orders?fields=summary&ordering_npi=1999999992"),
        "reviewer: a clinician and a status": get(nurse, "/v1/orders?fields=summary&ordering_npi=1999999984&status=review_cancelled"),
        "reviewer: a member": lambda: service.call("GET", f"/v1/orders?fields=summary&member_id={of_member()['member']['member_id']}", nurse),
        "reviewer: a case number that there is not": get(nurse, "/v1/orders?fields=summary&case_number=C000000000"),
        "plan: a status that is rare": get(plan, "/v1/orders?fields=summary&status=review_cancelled"),
    }


def measure(service, orders, placed, size, count):
    taken = {}
    for name, call in calls(service, orders, placed, size).items():
        times = []
        call()
        begun = time.perf_counter()
        while len(times) < count and time.perf_counter() - begun < 20:
            times.append(call()[0])
        times.sort()
        taken[name] = (times[len(times) // 2] * 1000, times[int(len(times) * 0.95)] * 1000)
    return taken


def scans():
    """Tables with many rows that were read from end to end."""
    rows = sql("select relname || ' ' || seq_scan from pg_stat_user_tables where n_live_tup > 5000 order by relname")
    return {name: int(count) for name, count in (row.split() for row in rows.splitlines())}


def report(sizes, taken, bytes_each, scanned):
    print("| call | " + " | ".join(f"{size:,}: median, p95" for size in sizes) + " | largest ÷ smallest |")
    print("|---|" + "---|" * (len(sizes) + 1))
    for name in taken[sizes[0]]:
        cells = [f"{taken[size][name][0]:.2f}, {taken[size][name][1]:.2f} ms" for size in sizes]
        ratio = taken[sizes[-1]][name][0] / taken[sizes[0]][name][0]
        print(f"| {name} | " + " | ".join(cells) + f" | {ratio:.2f}{'' if ratio <= WANTED else ' (!)'} |")
    print("\nBytes a case, with indexes: " + ", ".join(f"{each:,} at {size:,}" for size, each in bytes_each.items()))
    told = [f"{name} {count}" for name, count in scanned.items() if count]
    print("Read from end to end while the largest was measured: " + (", ".join(told) or "no table") + ".")


def main():
    told = arguments()
    sql("alter system set fsync = on")
    sql("alter system set synchronous_commit = on")
    sql("alter system set full_page_writes = on")
    sql("alter system set max_wal_size = '8GB'")
    sql("select pg_reload_conf()")
    service = Service(told.program, told.directory)
    rosters(service)
    orders = Orders(service)
    sql(open("scripts/growth/cases.sql").read())
    templates(service, orders)
    used = int(sql("select pg_database_size(current_database())"))
    sizes, taken, bytes_each, scanned, size = [], {}, {}, {}, 0
    for wanted in (int(text) for text in told.sizes.split(",")):
        wanted = room_for(wanted, told.directory, used)
        if wanted <= size:
            print(f"there is no room for more than {size:,} cases", file=sys.stderr)
            break
        grow(size, wanted)
        size = wanted
        service.connection.close()  # the service has closed it meanwhile; the next call opens another
        cases = [orders.place()[1] for _ in range(50)]
        placed = {"case_ids": [case["case_id"] for case in cases], "order_ids": [case["order_id"] for case in cases],
                  "order": cases[-1]["request"] if "request" in cases[-1] else None}
        before = scans()
        taken[size] = measure(service, orders, placed, size, told.calls)
        time.sleep(1)
        scanned = {name: count - before.get(name, 0) for name, count in scans().items()}
        bytes_each[size] = (int(sql("select pg_database_size(current_database())")) - used) // size
        sizes.append(size)
    load = os.getloadavg()
    report(sizes, taken, bytes_each, scanned)
    print(f"Load average at the end {load[0]:.1f}, {os.cpu_count()} processors.")


main()
