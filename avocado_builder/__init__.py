"""Builds the gated task from a licensed copy of the Avocado Research Email Collection."""

from typing import TYPE_CHECKING

from lamp_dataset.lazy import lazy_exports
from lamp_dataset.version import __version__ as __version__

if TYPE_CHECKING:
    from avocado_builder.building import build as build
    from avocado_builder.building import check_collection as check_collection
    from avocado_builder.built_files import check_output as check_output
else:  # their modules read mails, zips and the table
    __getattr__, __dir__, __all__ = lazy_exports(__name__)
