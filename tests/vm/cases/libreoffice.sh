#!/bin/bash
# Owns: a document through a real office suite, by the shipped profile: LibreOffice opens it, and the
# PDF that it makes is labelled like the document. What it makes of unlabelled ones goes anywhere, also
# with the settings that it wrote meanwhile.
# vm-needs: ext4 usb
# vm-timeout: 1800
# The places have no blanks in their names.
# shellcheck disable=SC2086,SC2317
. tests/vm/guest/lib.sh
. tests/vm/cases/places.sh
. tests/vm/cases/agent.sh

reader=/opt/readers/road
out=$work/out

# convert USER FORMAT DOCUMENT DIRECTORY: as a person without a screen does.
convert()
{
	as_user "$1" timeout 600 soffice --headless --norestore --convert-to "$2" --outdir "$4" "$3" \
		>/dev/null 2>&1 </dev/null
}

# For everyone, and to be opened again: LibreOffice does not only create.
open_the_stick()
{
	umount $usb
	mount -t vfat -o fmask=0000,dmask=0000 "$stick" $usb
}

# A name that LibreOffice could not write is no error to it.
made()
{
	[ "$(stat -c %s "$1" 2>/dev/null || echo 0)" -gt 1000 ]
}

# the_unlabelled_is_free USER WHEN
the_unlabelled_is_free()
{
	convert $1 pdf $open/doc.odt $usb
	check "$2: a PDF on the stick" made $usb/doc.pdf
	check "$2: it is a PDF, for everyone to read" grep -q '^%PDF' $usb/doc.pdf
	rm -f $usb/doc.pdf
	convert $1 pdf $open/doc.odt $out
	check "$2: a PDF beside other files" made $out/doc.pdf
	expect_allowed "$2: it is copied to the stick" cp $out/doc.pdf $usb/copy.pdf
	rm -f $usb/copy.pdf $out/doc.pdf
}

the_labelled_stays()
{
	convert bob pdf $secret/doc.odt $out
	check 'LibreOffice makes a PDF of the labelled document' made $out/doc.pdf
	expect_allowed 'an allowed program reads it' $reader open $out/doc.pdf -
	expect_refused 'the PDF for cat' cat $out/doc.pdf
	expect_refused 'the PDF to the stick by cp' cp $out/doc.pdf $usb/x.pdf
	expect_refused 'the PDF to the stick by an allowed program' \
		$reader write $out/doc.pdf $usb/x.pdf
	forget
	expect_refused 'the PDF, cold' cat $out/doc.pdf
	convert bob docx $secret/doc.odt $out
	check 'LibreOffice makes a .docx of it' made $out/doc.docx
	expect_refused 'the .docx to the stick' cp $out/doc.docx $usb/x.docx
	window_open
	convert bob pdf $secret/doc.odt $usb
	window_close 'LibreOffice writes to the stick'
	refute 'LibreOffice writes to the stick' made $usb/doc.pdf
}

# LibreOffice wrote its settings while it was a labelled reader: they are labelled, and closed to all
# but LibreOffice, which is no reader by them (state in its profile).
what_reads_its_settings()
{
	local settings

	settings=$(echo /home/bob/.config/libreoffice/*/user/registrymodifications.xcu)
	expect_refused 'settings of that time for cat' cat "$settings"
	the_unlabelled_is_free bob 'with settings of that time'
}

if [ ! -x /usr/lib/libreoffice/program/soffice.bin ]; then
	skip 'LibreOffice and labelled documents' 'libreoffice-writer-nogui is missing'
	finish
fi
places_make || { echo 'the places could not be made'; exit 1; }
open_the_stick || exit 1
# Homes on a real file system: the root of these machines is an overlay.
cp -a /home $data/home
mount --bind $data/home /home
tests/vm/cases/make_odt.py $secret/doc.odt "$secret_text"
tests/vm/cases/make_odt.py $open/doc.odt "$open_text"
mkdir -m 777 $out
mkdir -p /opt/readers
install -m 755 -o root -g root build/tests/hf-road $reader
agent_start tests/vm/cases/libreoffice.ini || { echo 'the agent does not start'; exit 1; }
the_unlabelled_is_free alice 'before'
the_labelled_stays
what_reads_its_settings
expect_refused 'the labelled document for another program' cat $secret/doc.odt
expect_each_recorded
agent_stop
finish
