"""What the connected systems leave behind after a delete, as data: what remains, for how long, who says so.

A teardown report can so tell which figure it waited for. `None` means that the vendor documents no figure: it is
measured and reported.
"""

from nhi_components.lifecycle.residue.deadlines import RESIDUES, deadline_for, deadline_of, figure_of, undeletable_for
from nhi_components.lifecycle.residue.model import Deadline, Figure, Residue

__all__ = ["RESIDUES", "Deadline", "Figure", "Residue", "deadline_for", "deadline_of", "figure_of", "undeletable_for"]
