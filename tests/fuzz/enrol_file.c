/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any text as the file that MDM leaves. What must hold: what is taken has consoles, one CA and one token, and what
 * is not taken is told by file and line.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/cli/enrol_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct enrol_file file;
	char error[ENROL_FILE_ERROR_SIZE], *text = malloc(size + 1);

	assert(text);
	memcpy(text, data, size);
	text[size] = '\0';
	if (enrol_file_parse("file", text, &file, error) == 0) {
		assert(!error[0] && file.consoles[0]);
		assert(!file.ca[0] != !file.ca_path[0]);
		assert(!file.token[0] != !file.token_path[0]);
	} else {
		assert(!strncmp(error, "file:", 5));
	}
	free(text);
	return 0;
}
