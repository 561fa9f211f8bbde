#!/usr/bin/python3
# Owns: the least that is an OpenDocument text. Usage: make_odt.py FILE TEXT
import sys
import zipfile

KIND = 'application/vnd.oasis.opendocument.text'
NAMES = 'urn:oasis:names:tc:opendocument:xmlns:'

MANIFEST = (
    f'<m:manifest xmlns:m="{NAMES}manifest:1.0" m:version="1.2">'
    f'<m:file-entry m:full-path="/" m:media-type="{KIND}"/>'
    '<m:file-entry m:full-path="content.xml" m:media-type="text/xml"/></m:manifest>'
)
CONTENT = (
    f'<o:document-content xmlns:o="{NAMES}office:1.0" xmlns:t="{NAMES}text:1.0" o:version="1.2">'
    f'<o:body><o:text><t:p>{sys.argv[2]}</t:p></o:text></o:body></o:document-content>'
)

with zipfile.ZipFile(sys.argv[1], 'w') as odt:
    odt.writestr('mimetype', KIND)
    odt.writestr('META-INF/manifest.xml', MANIFEST)
    odt.writestr('content.xml', CONTENT)
