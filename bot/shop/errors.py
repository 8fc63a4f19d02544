"""What can go wrong with a shop as a whole. Single broken rows are no errors: they are rejected and listed.

ShopError
├── ShopFolderError    the folder or source is not what was expected: the shop developer mends it
├── ShopStoreError     shop.sqlite cannot be read or written: disk, rights, a foreign file
│   └── ShopVersionError   it was made by another version of this program
└── ShopUnavailable    a shop's API does not answer, or not as agreed: it may answer later
"""


class ShopError(Exception):
    """A shop that cannot be used. Messages name files, tables and rows, never values of customers."""


class ShopFolderError(ShopError):
    """A shop folder or a source file is missing something or cannot be understood."""


class ShopStoreError(ShopError):
    """The imported file cannot be read or written."""


class ShopVersionError(ShopStoreError):
    """The imported file has other tables than this version reads."""


class ShopUnavailable(ShopError):
    """The API of a shop does not answer, or answers what it should not. Nothing of the answer is used."""
