"""Zips the compiled extension: python make_vsix.py OUT, after `tsc -p .` and `tsc -p webview`.

A .vsix is a zip archive with the extension in `extension/`, a manifest for the gallery and the content types of its
files (Open Packaging Conventions). The archive of the same files is the same bytes.
"""

import json
import sys
import zipfile
from pathlib import Path
from xml.sax.saxutils import quoteattr

HERE = Path(__file__).resolve().parent
CONTENT = ["package.json", "language-configuration.json", "README.md", "media", "syntaxes", "out"]
TYPES = {
    "json": "application/json", "md": "text/markdown", "js": "application/javascript", "css": "text/css",
    "svg": "image/svg+xml", "txt": "text/plain", "vsixmanifest": "text/xml"}
TIME = (1980, 1, 1, 0, 0, 0)


def gallery_manifest(package):
    engine = quoteattr(package["engines"]["vscode"])
    return f"""<?xml version="1.0" encoding="utf-8"?>
<PackageManifest Version="2.0.0" xmlns="http://schemas.microsoft.com/developer/vsx-schema/2011">
  <Metadata>
    <Identity Language="en-US" Id={quoteattr(package["name"])} Version={quoteattr(package["version"])}
      Publisher={quoteattr(package["publisher"])}/>
    <DisplayName>{package["displayName"]}</DisplayName>
    <Description xml:space="preserve">{package["description"]}</Description>
    <Categories>{",".join(package["categories"])}</Categories>
    <License>extension/LICENSE.txt</License>
    <Properties>
      <Property Id="Microsoft.VisualStudio.Code.Engine" Value={engine}/>
      <Property Id="Microsoft.VisualStudio.Code.ExtensionKind" Value="workspace"/>
    </Properties>
  </Metadata>
  <Installation><InstallationTarget Id="Microsoft.VisualStudio.Code"/></Installation>
  <Dependencies/>
  <Assets>
    <Asset Type="Microsoft.VisualStudio.Code.Manifest" Path="extension/package.json" Addressable="true"/>
    <Asset Type="Microsoft.VisualStudio.Services.Content.Details" Path="extension/README.md" Addressable="true"/>
    <Asset Type="Microsoft.VisualStudio.Services.Content.License" Path="extension/LICENSE.txt" Addressable="true"/>
  </Assets>
</PackageManifest>
"""


def content_types():
    rows = "\n".join(f'  <Default Extension=".{end}" ContentType="{kind}"/>' for end, kind in TYPES.items())
    return f"""<?xml version="1.0" encoding="utf-8"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">
{rows}
</Types>
"""


def files():
    for name in CONTENT:
        path = HERE / name
        if not path.exists():
            sys.exit(f"no {path}: compile with `tsc -p .` and `tsc -p webview` first")
        yield from sorted(one for one in path.rglob("*") if one.is_file()) if path.is_dir() else [path]


def make(out):
    package = json.loads((HERE / "package.json").read_text())
    members = {"extension.vsixmanifest": gallery_manifest(package).encode(),
               "[Content_Types].xml": content_types().encode(),
               "extension/LICENSE.txt": (HERE.parents[1] / "LICENSE").read_bytes()}
    for path in files():
        assert path.suffix[1:] in TYPES, f"no content type for {path}"
        members[f"extension/{path.relative_to(HERE).as_posix()}"] = path.read_bytes()
    out.mkdir(parents=True, exist_ok=True)
    target = out / f"{package['name']}-{package['version']}.vsix"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name, TIME), data, zipfile.ZIP_DEFLATED)
    return target


if __name__ == "__main__":
    print(make(Path(sys.argv[1])))
