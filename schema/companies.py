"""Companies."""

import strawberry

from schema.fields import column
from schema.nodes import Node, id_of


@strawberry.type(description="An organisation that people work for.")
class Company(Node):
    id: strawberry.ID = column("Opaque id of the company.", read=id_of("Company"))
    name: str = column("Its name.")
