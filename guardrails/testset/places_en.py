"""Made-up addresses outside China: US, UK, Canada, Australia, India, Germany, France, Spain.

Towns are real, streets and house numbers are drawn apart, so an address that exists can only come about by chance.
"""

from random import Random

from guardrails.testset.numbers import digits

_US_STREETS: tuple[str, ...] = (
    "Larkspur",
    "Old Quarry",
    "Chickadee",
    "Tamarack",
    "Whippoorwill",
    "Sycamore Bend",
    "Juniper Hollow",
)
_US_STREETS += (
    "Copperfield",
    "Harvest Moon",
    "Millrace",
    "N Pinecrest",
    "Stonegate",
    "SW Bluebonnet",
    "E 47th",
    "W 9th",
)
_US_STREETS += ("Arrowhead", "Prairie Dog", "Saddleback", "Peachtree Hill", "Cannery", "Lower Mill", "S Dogwood")
_US_KINDS = (
    "Lane",
    "Ln",
    "St",
    "Street",
    "Ave",
    "Avenue",
    "Dr",
    "Drive",
    "Rd",
    "Blvd",
    "Ct",
    "Court",
    "Way",
    "Pl",
    "Terrace",
)
_US_UNITS = ("", "", "", ", Apt {n}", " Apt {n}B", ", Unit {n}", " #{n}", ", Suite {n}0", ", Apt. {n}C")
_US_TOWNS: tuple[str, ...] = (
    "Springfield, IL 627",
    "Portland, OR 972",
    "Austin, TX 787",
    "Madison, WI 537",
    "Boise, ID 837",
    "Tampa, FL 336",
)
_US_TOWNS += (
    "Albany, NY 122",
    "Denver, CO 802",
    "Tucson, AZ 857",
    "Omaha, NE 681",
    "Macon, GA 312",
    "San Jose, CA 951",
)
_UK_STREETS: tuple[str, ...] = (
    "Bramble Close",
    "Cutlers Row",
    "Fishergate",
    "Ashlar Mews",
    "Weavers Fold",
    "Harbour Terrace",
    "St Oswin's Road",
)
_UK_STREETS += (
    "Tannery Lane",
    "Mossley Avenue",
    "The Paddock",
    "Kiln Street",
    "Upper Foundry Road",
    "Dovecote Gardens",
)
_UK_STREETS += ("Priory Walk", "Castlehill Crescent", "Lower Marsh Lane", "Quarry Bank", "Chapel Brow", "Larch Grove")
_UK_TOWNS: tuple[tuple[str, str], ...] = (
    ("Leeds", "LS6"),
    ("Bristol", "BS5"),
    ("London", "SE15"),
    ("London", "N16"),
    ("Cardiff", "CF24"),
    ("York", "YO31"),
)
_UK_TOWNS += (("Glasgow", "G41"), ("Norwich", "NR3"), ("Sheffield", "S7"), ("Bath", "BA2"), ("Edinburgh", "EH6"))
_DE_STREETS: tuple[str, ...] = (
    "Lindenstraße",
    "Am Alten Markt",
    "Gartenweg",
    "Kastanienallee",
    "Mühlenstr.",
    "Hinter der Kirche",
    "Rosenweg",
)
_DE_STREETS += ("Bahnhofstraße", "Schillerstr.", "Zum Wiesengrund", "Untere Gasse", "Buchenhain")
_DE_TOWNS = (
    "10437 Berlin",
    "50823 Köln",
    "20357 Hamburg",
    "04109 Leipzig",
    "79098 Freiburg",
    "81667 München",
    "28203 Bremen",
)
_FR_STREETS: tuple[str, ...] = (
    "rue des Tanneurs",
    "avenue du Moulin",
    "rue Saint-Aubin",
    "impasse des Lilas",
    "boulevard de la Plage",
)
_FR_STREETS += ("chemin des Vignes", "place du Vieux Marché", "quai des Bateliers", "allée des Cerisiers")
_FR_TOWNS = ("69003 Lyon", "75011 Paris", "44000 Nantes", "31000 Toulouse", "67000 Strasbourg", "13006 Marseille")
_ES_STREETS: tuple[str, ...] = (
    "Calle del Olivo",
    "Calle de la Paloma",
    "Avenida de los Almendros",
    "Paseo del Río",
    "Plaza de la Fuente",
)
_ES_STREETS += ("Carrer de les Flors", "C/ San Telmo", "Ronda de Levante")
_ES_TOWNS = ("28012 Madrid", "08001 Barcelona", "41003 Sevilla", "46004 Valencia", "29015 Málaga", "48005 Bilbao")
_IN_PARTS = ("Sai Residency", "Green Meadows", "Lotus Enclave", "Shanti Apartments", "Palm Grove", "Silver Oak Towers")
_IN_ROADS = (
    "5th Cross, Indiranagar",
    "MG Road",
    "Linking Road, Khar West",
    "Sector 21",
    "Anna Salai",
    "Banjara Hills Road No. 3",
)
_IN_TOWNS = (
    "Bengaluru 560038",
    "Mumbai 400052",
    "Noida, UP 201301",
    "Chennai - 600002",
    "Hyderabad 500034",
    "Pune 411004",
)
_CA_TOWNS = ("Toronto ON M4K", "Vancouver, BC V5T", "Montréal QC H2W", "Halifax, NS B3K", "Calgary, AB T2E")
_AU_STREETS = ("Wattle Street", "Jacaranda Avenue", "Banksia Court", "Kookaburra Rd", "Marlin Parade", "Gumnut Lane")
_AU_TOWNS = ("Newtown NSW 2042", "Fitzroy VIC 3065", "West End QLD 4101", "Fremantle WA 6160", "Glenelg SA 5045")


def _number(rng: Random) -> str:
    return str(rng.randint(1, 199)) + rng.choice(("", "", "", "", "a", "B"))


def street_us(rng: Random) -> str:
    """House number and street as in the US."""
    return f"{rng.randint(11, 9899)} {rng.choice(_US_STREETS)} {rng.choice(_US_KINDS)}"


def _us(rng: Random) -> tuple[str, ...]:
    unit = rng.choice(_US_UNITS).format(n=rng.randint(1, 48))
    if rng.random() < 0.1:
        return f"PO Box {digits(rng, 4)}", rng.choice(_US_TOWNS) + digits(rng, 2)
    return street_us(rng) + unit, rng.choice(_US_TOWNS) + digits(rng, 2)


def _uk(rng: Random) -> tuple[str, ...]:
    town, outward = rng.choice(_UK_TOWNS)
    inward = f"{rng.randint(1, 9)}{rng.choice('ABDEFGHJLN')}{rng.choice('PQRSTUWXYZ')}"
    flat = rng.choice(((), (), (f"Flat {rng.randint(1, 40)}",), (f"Flat {rng.randint(1, 9)}, Garrick House",)))
    return *flat, f"{_number(rng)} {rng.choice(_UK_STREETS)}", town, f"{outward} {inward}"


def _de(rng: Random) -> tuple[str, ...]:
    return f"{rng.choice(_DE_STREETS)} {_number(rng)}", rng.choice(_DE_TOWNS)


def _fr(rng: Random) -> tuple[str, ...]:
    number = f"{rng.randint(1, 140)}{rng.choice((' bis', '', '', ','))}"
    return f"{rng.choice(('', '', 'Bât. C, '))}{number} {rng.choice(_FR_STREETS)}", rng.choice(_FR_TOWNS)


def _es(rng: Random) -> tuple[str, ...]:
    floor = rng.choice(("", f", {rng.randint(1, 8)}º {rng.choice('ABC')}", ", bajo"))
    return f"{rng.choice(_ES_STREETS)}{rng.choice((', ', ' '))}{rng.randint(1, 150)}{floor}", rng.choice(_ES_TOWNS)


def _in(rng: Random) -> tuple[str, ...]:
    return (
        f"Flat {rng.randint(1, 14)}0{rng.randint(1, 6)}, {rng.choice(_IN_PARTS)}",
        rng.choice(_IN_ROADS),
        rng.choice(_IN_TOWNS),
    )


def _ca(rng: Random) -> tuple[str, ...]:
    unit = rng.choice(("", f"{rng.randint(1, 30)}-"))
    return (
        f"{unit}{street_us(rng)}",
        f"{rng.choice(_CA_TOWNS)} {rng.randint(1, 9)}{rng.choice('ABCEGHJ')}{rng.randint(1, 9)}",
    )


def _au(rng: Random) -> tuple[str, ...]:
    return f"{rng.choice(('', '', 'Unit 4/', '2/'))}{_number(rng)} {rng.choice(_AU_STREETS)}", rng.choice(_AU_TOWNS)


_COUNTRIES = (_us, _us, _us, _uk, _uk, _de, _fr, _es, _in, _ca, _au)


def address(rng: Random) -> str:
    """A whole address in one line."""
    return rng.choice((", ", ", ", ", ", " ")).join(rng.choice(_COUNTRIES)(rng))


def address_block(rng: Random) -> str:
    """A whole address over several lines."""
    country = rng.choice(_COUNTRIES)
    name = {"_de": "Germany", "_fr": "France", "_es": "Spain", "_in": "India", "_ca": "Canada"}.get(
        country.__name__, ""
    )
    return "\n".join(country(rng) + ((name,) if name and rng.random() < 0.5 else ()))


def street(rng: Random) -> str:
    """Street and house number alone."""
    return rng.choice((street_us(rng), f"{_number(rng)} {rng.choice(_UK_STREETS)}", _au(rng)[0], _de(rng)[0]))


def postcode(rng: Random) -> str:
    """A postal code of several countries."""
    return rng.choice(
        (_uk(rng)[-1], _us(rng)[-1][-5:], _us(rng)[-1][-5:] + "-" + digits(rng, 4), _ca(rng)[-1][-7:], _de(rng)[-1][:5])
    )
