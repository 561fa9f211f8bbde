/* SPDX-License-Identifier: Apache-2.0 */
/* PAM's configuration: a service and two files it may include, and every way of walking through. */
#include <assert.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/cli/pam_stack.h"

#define SEPARATOR "%%\n"

struct input {
	const char *text;
	size_t size;
};

/* "common-auth" is behind the first separator, "other" behind the second. */
static int part_read(const char *name, char **ret_text, size_t *ret_size, void *userdata)
{
	struct input part = *(struct input *)userdata;
	int wanted = !strcmp(name, "common-auth") ? 1 : !strcmp(name, "other") ? 2 : 0;
	const char *end;

	if (!wanted && strcmp(name, "login") != 0)
		return -ENOENT;
	for (;; wanted--) {
		end = memmem(part.text, part.size, SEPARATOR, strlen(SEPARATOR));
		if (!wanted)
			break;
		if (!end)
			return -ENOENT;
		part.size -= (size_t)(end - part.text) + strlen(SEPARATOR);
		part.text = end + strlen(SEPARATOR);
	}
	*ret_size = end ? (size_t)(end - part.text) : part.size;
	*ret_text = malloc(*ret_size + 1);
	assert(*ret_text);
	memcpy(*ret_text, part.text, *ret_size);
	(*ret_text)[*ret_size] = '\0';
	return 0;
}

static int answer(const struct pam_stack_line *line, void *userdata)
{
	return *(int *)userdata >= 0 ? *(int *)userdata : (int)(line->number % 40) - 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct pam_stack_walk walk;
	struct input input = {(const char *)data, size};
	struct pam_stack *stack = NULL;
	int r;

	r = pam_stack_read(part_read, &input, "login", &stack);
	assert(r == 0 || r == -E2BIG);
	if (r < 0)
		return 0;
	assert(stack->count <= PAM_STACK_LINES_MAX && stack->file_count <= PAM_STACK_FILES_MAX);
	for (unsigned int type = 0; type < PAM_STACK_TYPE_MAX; type++)
		for (int code = -1; code < 34; code++) {
			pam_stack_walk(stack, type, answer, &code, &walk);
			assert(walk.count <= stack->count);
			/* Nobody said yes: nobody is let in. */
			if (code != -1 && code != PAM_SUCCESS)
				assert(walk.result != PAM_SUCCESS);
			for (size_t i = 0; i < walk.count; i++)
				assert(walk.steps[i].line->type == type);
		}
	pam_stack_free(stack);
	return 0;
}
