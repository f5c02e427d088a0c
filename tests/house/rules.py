"""The house rules that can be read off the source. Each yields the lines that break it, with the cure."""

import ast
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]

FLOORS = {
    "app": 6,
    "lead_system.application": 5,
    "lead_system.admin_views": 4,
    "lead_system.backups": 4,
    "lead_system.cli": 4,
    "lead_system.demo": 4,
    "lead_system.demo_project": 4,
    "lead_system.demo_visitors": 4,
    "lead_system.mobile": 4,
    "lead_system.queries": 3,
    "lead_system.services": 3,
    "lead_system.web": 3,
    "lead_system.models": 2,
    "lead_system.outside": 2,
    "lead_system.clock": 1,
    "lead_system.config": 1,
    "lead_system.domain": 1,
    "lead_system.extensions": 1,
    "lead_system.statements": 1,
    "lead_system.turns": 0,
}
FACES = ("lead_system.admin_views", "lead_system.mobile")
WEB_PACKAGES = {"flask", "werkzeug", "wtforms"}
KNOW_THE_WEB = (
    "app",
    "lead_system.application",
    "lead_system.cli",
    "lead_system.extensions",
    "lead_system.web",
    *FACES,
)
ASKING_THE_TIME = {
    "date": {"today"},
    "datetime": {"now", "today", "utcnow"},
    "func": {"current_date", "current_timestamp", "localtimestamp", "now"},
    "time": {"gmtime", "localtime", "time", "time_ns"},
}
VAGUE_NAMES = {"common", "helper", "helpers", "misc", "tools", "util", "utils"}
HEAVY_LIBRARIES = frozenset(
    {
        "alembic.script",
        "cryptography.exceptions",
        "cryptography.hazmat.primitives",
        "cryptography.hazmat.primitives.asymmetric.ed25519",
        "cryptography.hazmat.primitives.kdf.hkdf",
        "httpx",
        "lead_system.admin_views.import_template",
        "lead_system.cli.migrations",
        "lead_system.demo",
        "PIL.ImageDraw",
        "PIL.ImageFont",
        "lead_system.web.workbooks",
        "lead_system.web.evidence_paper",
        "qrcode",
        "xlsxwriter",
        "zxingcpp",
        "zxcvbn",
    }
)
"""What may be imported inside a function: loading it is slow, and few processes ever need it (decision 30).

The modules of ours stand for Flask-Migrate and openpyxl, which they have at their top, and for a whole
made-up sales centre.
"""

Finding = tuple[int, str]


@dataclass(frozen=True)
class Import:
    name: str
    line: int
    only_for_types: bool

    def is_from(self, *packages: str) -> bool:
        return _is_in(self.name, packages)


@dataclass(frozen=True)
class Module:
    name: str
    source: str

    def is_in(self, *packages: str) -> bool:
        return _is_in(self.name, packages)

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.source)

    @property
    def calls(self) -> Iterator[ast.Call]:
        return (node for node in ast.walk(self.tree) if isinstance(node, ast.Call))

    @cached_property
    def imports(self) -> list[Import]:
        return list(self._imports_in(ast.walk(self.tree)))

    @property
    def imports_in_functions(self) -> Iterator[Import]:
        functions = (n for n in ast.walk(self.tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))
        return self._imports_in(node for function in functions for node in ast.walk(function))

    def _imports_in(self, nodes: Iterable[ast.AST]) -> Iterator[Import]:
        for_types = {node for block in _type_checking_blocks(self.tree) for node in ast.walk(block)}
        for node in nodes:
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [_module_meant(node.module or "", alias.name) for alias in node.names]
            else:
                continue
            yield from (Import(name, node.lineno, node in for_types) for name in names)


Rule = Callable[[Module], Iterator[Finding]]


def package_modules() -> list[Module]:
    """Our own code: app.py and everything in lead_system."""
    files = [ROOT / "app.py", *sorted((ROOT / "lead_system").rglob("*.py"))]
    return [Module(_dotted(file), file.read_text(encoding="utf-8")) for file in files]


def floor_of(name: str) -> int:
    """The floor of a module; the package itself holds a docstring only, and stands on the ground."""
    for package, floor in FLOORS.items():
        if _is_in(name, [package]):
            return floor
    if name == "lead_system":
        return 0
    raise LookupError(
        f"{name} has no floor yet: put it into a package of the house, or give it one in FLOORS"
    )


def circles(modules: list[Module]) -> list[str]:
    """The modules that import each other in a circle, and those that lead into it."""
    names = {module.name for module in modules}
    left = {m.name: {i.name for i in m.imports if not i.only_for_types} & names for m in modules}
    while ends := {name for name, imported in left.items() if not imported}:
        left = {name: imported - ends for name, imported in left.items() if name not in ends}
    return sorted(left)


def imports_go_down(module: Module) -> Iterator[Finding]:
    here = floor_of(module.name)
    for imported in module.imports:
        if not imported.is_from("lead_system", "app"):
            continue
        there = floor_of(imported.name)
        if there > here:
            cure = "move what both need down, or pass it in"
            yield imported.line, f"on floor {here} imports {imported.name} from floor {there}: {cure}"


def faces_stay_apart(module: Module) -> Iterator[Finding]:
    other_faces = [face for face in FACES if not module.is_in(face)]
    for imported in module.imports:
        if module.is_in(*FACES) and imported.is_from(*other_faces):
            yield imported.line, f"imports {imported.name}: what both faces need lives in lead_system/web/"


def domain_stays_pure(module: Module) -> Iterator[Finding]:
    for imported in module.imports if module.is_in("lead_system.domain") else ():
        is_standard = imported.name.split(".")[0] in sys.stdlib_module_names
        if not is_standard and not imported.is_from("lead_system.domain"):
            yield imported.line, f"imports {imported.name}: pass plain values into the domain"


def flask_stays_with_the_faces(module: Module) -> Iterator[Finding]:
    for imported in module.imports if not module.is_in(*KNOW_THE_WEB) else ():
        package = imported.name.split(".")[0]
        if (package in WEB_PACKAGES or package.startswith("flask_")) and not imported.only_for_types:
            yield imported.line, f"imports {imported.name}: only the faces and lead_system/web/ know Flask"


def only_transaction_commits(module: Module) -> Iterator[Finding]:
    # extensions prepares each new connection, before any transaction of ours exists.
    if module.is_in("lead_system.services.transaction", "lead_system.extensions"):
        return
    for call in module.calls:
        if isinstance(call.func, ast.Attribute) and call.func.attr in ("commit", "rollback"):
            yield call.lineno, f"calls {call.func.attr}(): write inside atomic() of services/transaction.py"


def only_clock_asks_the_time(module: Module) -> Iterator[Finding]:
    if module.is_in("lead_system.clock"):
        return
    for call in module.calls:
        owner, name = ["", *ast.unparse(call.func).split(".")][-2:]
        if name in ASKING_THE_TIME.get(owner, ()):
            yield call.lineno, f"calls {owner}.{name}(): take `now` as an argument; a face asks clock.now()"
    for imported in module.imports:
        if imported.is_from("time.time", "time.time_ns"):
            yield imported.line, f"imports {imported.name}: take `now` as an argument"


def only_services_assign_a_status(module: Module) -> Iterator[Finding]:
    for node in ast.walk(module.tree) if not module.is_in("lead_system.services") else ():
        if isinstance(node, ast.stmt | ast.expr) and _assigns_status(node):
            yield node.lineno, "assigns a status: call the service that makes this step of the lifecycle"


def no_import_inside_a_function(module: Module) -> Iterator[Finding]:
    for imported in module.imports_in_functions:
        if not imported.is_from(*HEAVY_LIBRARIES):
            yield imported.line, f"imports {imported.name} inside a function: import it at the top"


def no_vague_names(module: Module) -> Iterator[Finding]:
    for word in VAGUE_NAMES & set(module.name.split(".")):
        yield 1, f"is called {word}: name it after what it is about"


RULES: list[Rule] = [
    imports_go_down,
    faces_stay_apart,
    domain_stays_pure,
    flask_stays_with_the_faces,
    only_transaction_commits,
    only_clock_asks_the_time,
    only_services_assign_a_status,
    no_import_inside_a_function,
    no_vague_names,
]


def _assigns_status(node: ast.AST) -> bool:
    match node:
        case ast.Assign(targets=targets):
            return any(isinstance(target, ast.Attribute) and target.attr == "status" for target in targets)
        case ast.AugAssign(target=target) | ast.AnnAssign(target=target):
            return isinstance(target, ast.Attribute) and target.attr == "status"
        case ast.Call(func=ast.Name(id="setattr"), args=[_, ast.Constant(value="status"), *_]):
            return True
        case ast.Call(func=ast.Attribute(attr="values") | ast.Name(id="Lead"), keywords=keywords):
            return any(keyword.arg == "status" for keyword in keywords)
    return False


def _is_in(name: str, packages: Iterable[str]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def _dotted(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _module_meant(package: str, name: str) -> str:
    """`from lead_system.web import access` means that module; a class or function means the one it is in."""
    path = ROOT.joinpath(*package.split("."), name)
    is_module = path.with_suffix(".py").exists() or path.is_dir() or package == "time"
    return f"{package}.{name}" if is_module else package


def _type_checking_blocks(tree: ast.Module) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            yield from node.body
