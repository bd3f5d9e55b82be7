"""How Sphinx builds the site."""

import builtins
import gc
import logging
import os
import sys
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from docs._ext.figures.programs import PublicModule  # noqa: E402 - it is found by the line above

gc.disable()  # a build leaves next to no garbage, and spent a third on looking for it

project = "Master Python Concurrency"
metadata = tomllib.loads((HERE.parent / "pyproject.toml").read_text(encoding="utf-8"))
version = metadata["project"]["version"]
author = "the authors of Master Python Concurrency"
project_copyright = f"2026, {author}"  # as in LICENSE

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.doctest",
    "sphinx.ext.intersphinx",
    "sphinx.ext.napoleon",
    "sphinx_autodoc_typehints",
    "sphinx_codeautolink",
    "sphinx_copybutton",
    "sphinx_sitemap",
    "sphinxext.opengraph",
    "notfound.extension",
    "docs._ext",
]
exclude_patterns = ["_*"]
nitpicky = True
nitpick_ignore = [
    # Not documented as classes, if at all.
    ("py:class", "_thread._ExceptHookArgs"),
    ("py:class", "_thread.allocate_lock"),
    ("py:class", "_thread.lock"),
    ("py:class", "multiprocessing.managers.DictProxy"),
    ("py:class", "numpy.float64"),
    ("py:class", "numpy.typing.NDArray"),
]

myst_enable_extensions = ["attrs_block", "attrs_inline", "colon_fence", "deflist"]
myst_heading_anchors = 3
myst_links_external_new_tab = False

# The inventories are ours, so that the site builds without a network.
intersphinx_mapping = {
    "python": ("https://docs.python.org/3", "_inventories/python.inv"),
    "aiohttp": ("https://docs.aiohttp.org/en/stable", "_inventories/aiohttp.inv"),
    "numpy": ("https://numpy.org/doc/stable", "_inventories/numpy.inv"),
}

add_module_names = False
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True, "undoc-members": True}
always_document_param_types = True
typehints_document_rtype_none = False
typehints_fixup_module_name = PublicModule()

# Prompts and outputs are not copied, and an output has no button.
copybutton_selector = ":not(.highlight-output) > .highlight > pre"
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

epub_basename = metadata["project"]["name"]
html_theme = "furo"
html_theme_options: dict[str, list[str]] = {"top_of_page_buttons": []}
pygments_dark_style = "github-dark"
html_title = project
html_static_path = ["_static"]
html_css_files = ["guide.css"]
html_favicon = html_logo = "_static/mark.svg"
templates_path = ["_templates"]
html_copy_source = False
html_show_sphinx = False

# Our own: docs/_ext/__init__.py has them all.
guide_name = metadata["project"]["name"]
guide_summary = metadata["project"]["description"]
guide_search_weights = {
    "reference/catalogue/": 0,  # says again what the chapters say
    "reference/corrections": 0.4,
    "reference/glossary": 0.4,
}

# Where the site is published, if it is: whoever publishes it says so.
published = os.environ.get("SITE_URL") or os.environ.get("READTHEDOCS_CANONICAL_URL")
html_baseurl = published or "https://master-python-concurrency.readthedocs.io/"
notfound_urls_prefix = urlsplit(published).path if published else "/"
sitemap_url_scheme = "{link}"
sitemap_excludes = ["404.html", "genindex.html", "py-modindex.html", "search.html"]
ogp_site_url = html_baseurl
ogp_social_cards = {"image": "_static/mark.png", "image_mini": "_static/mark.png"}
logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)  # for the cards
notfound_template = "404.html"
ogp_enable_meta_description = True
ogp_description_length = 160

# Names in code link to their documentation, but not those that every reader knows.
codeautolink_inventory_map = dict.fromkeys(dir(builtins), "")
codeautolink_disable_link_titles = True
