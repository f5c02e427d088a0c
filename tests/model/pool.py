"""The few people and customers of the model: so few that they are always in each other's way."""

from datetime import UTC, datetime

from tests.model.reference.world import Brokerage, Person, World

BEGINNING = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)
"""Monday 2 March 2026, ten in the morning in Shanghai."""

BROKERAGES = ("anjia", "baichuan", "chengxin")

PEOPLE = {
    "fang": ("broker", "王芳", "13500010001", "anjia", "not_needed"),
    "qiang": ("broker", "李强", "13500020002", "baichuan", "not_needed"),
    "lan": ("broker", "方兰", "13500040004", "anjia", "not_needed"),
    "wei": ("resident", "赵伟", "13500030003", "anjia", "approved"),
    "jun": ("resident", "何军", "13500050005", "baichuan", "pending"),
    "hong": ("visitor", "洪七", "13911112222", None, "not_needed"),
    "ou": ("visitor", "欧阳锋", "13800005678", None, "not_needed"),
    "feng": ("gate", "岳峰", "13600010001", None, "not_needed"),
    "lu": ("gate", "尹露", "13600020002", None, "not_needed"),
    "xin": ("consultant", "江心怡", "13700010001", None, "not_needed"),
    "ming": ("consultant", "陆明哲", "13700020002", None, "not_needed"),
    "rui": ("consultant", "苏睿", "13700030003", None, "not_needed"),
    "secretary": ("secretary", "苏文", "13400010001", None, "not_needed"),
    "director": ("director", "秦越", "13400020002", None, "not_needed"),
    "admin": ("admin", "穆青", "13400030003", None, "not_needed"),
}
"""Role, name, phone, brokerage and approval; Hong and Ou are also customers, and so is Fang."""

NAMES = (
    ("欧阳", "锋"),
    ("欧", "阳锋"),
    ("欧阳", "·锋"),
    ("Li", "Na"),
    ("ＬＩ", "n\u200ba"),
    ("洪", "七"),
    ("王", "芳"),
)
"""Ways to write four people: the first three are one, so are the next two, and the last is Fang herself."""

PHONES = ("1385678", "1392222", "1350001")
"""The digits of Ou, of Hong and of Fang."""

AMOUNTS = ("0.01", "200.00", "999999.99")
NO_AMOUNTS = ("0.00", "0.001", "1000000.00")


def new_world() -> World:
    people = {
        who: Person(role, name, phone, brokerage, approval)
        for who, (role, name, phone, brokerage, approval) in PEOPLE.items()
    }
    return World(people, {name: Brokerage() for name in BROKERAGES})


def having(*roles: str) -> list[str]:
    return [who for who, facts in PEOPLE.items() if facts[0] in roles]
