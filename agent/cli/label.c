/* SPDX-License-Identifier: Apache-2.0 */
/* holdfast label set|show|clear */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <json-c/json.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/cli/cli.h"
#include "common/cleanup.h"

static const char usage[] =
	"usage: holdfast label set LABEL PATH...\n"
	"       holdfast label show [--json] PATH...\n"
	"       holdfast label clear PATH...\n"
	"Sets, shows or clears the labels that a file or directory itself carries; what is below "
	"a\n"
	"labelled directory carries its labels too. Setting and clearing is for root.\n";

static void print_labels(struct json_object *line, const char *text, void *userdata)
{
	const bool *is_json = userdata;
	struct json_object *labels = json_at(line, "labels"), *own = json_at(line, "own");
	size_t count = labels ? json_object_array_length(labels) : 0;

	if (*is_json) {
		(void)puts(text);
		return;
	}
	print_clean(json_text(line, "path"));
	(void)fputs(": ", stdout);
	if (!count)
		(void)fputs("no label", stdout);
	for (size_t i = 0; i < count; i++) {
		const char *name = json_object_get_string(json_object_array_get_idx(labels, i));
		bool is_own = false;

		for (size_t k = 0; own && k < json_object_array_length(own); k++)
			if (!strcmp(name,
				    json_object_get_string(json_object_array_get_idx(own, k))))
				is_own = true;
		print_styled(PRINT_BOLD, "%s%s", i ? ", " : "", name);
		if (!is_own)
			print_styled(PRINT_DIM, " (by its directory)");
	}
	(void)putchar('\n');
}

/*
 * The file itself is not opened: that may be what the label refuses. Its directory is, as the
 * person who types, and goes to the agent along with the name.
 */
static int label_one(struct local_request *request, const char *path, bool is_json)
{
	char given[PATH_MAX], copy[PATH_MAX], directory[PATH_MAX];
	auto_close int fd = -EBADF;
	const char *name;

	if ((size_t)snprintf(given, sizeof(given), "%s", path) >= sizeof(given))
		return CLI_USAGE;
	for (size_t size = strlen(given); size > 1 && given[size - 1] == '/'; size--)
		given[size - 1] = '\0';
	memcpy(copy, given, sizeof(copy));
	name = basename(copy);
	if (!strcmp(name, ".") || !strcmp(name, "..")) { /* by its real name, then */
		if (!realpath(path, given)) {
			(void)fprintf(stderr, "holdfast: %s: %s\n", path, strerror(errno));
			return CLI_REFUSED;
		}
		memcpy(copy, given, sizeof(copy));
		name = basename(copy);
	}
	if (!realpath(dirname(given), directory) ||
		(fd = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0) {
		(void)fprintf(stderr, "holdfast: %s: %s\n", path, strerror(errno));
		return CLI_REFUSED;
	}
	if (!strcmp(name, "/"))
		name = ".";
	if ((size_t)snprintf(request->name, sizeof(request->name), "%s", name) >=
			sizeof(request->name) ||
		(size_t)snprintf(request->path, sizeof(request->path), "%s/%s",
			!strcmp(directory, "/") ? "" : directory, name) >= sizeof(request->path)) {
		(void)fprintf(stderr, "holdfast: %s: %s\n", path, strerror(ENAMETOOLONG));
		return CLI_REFUSED;
	}
	return client_ask(request, fd, print_labels, &is_json);
}

int cli_label(int argc, char **argv)
{
	struct local_request request = {0};
	bool is_json;
	int status = CLI_DONE, r;

	r = options_json(argc, argv, usage, &is_json);
	if (r != OPTIONS_GO_ON)
		return r;
	argv += optind;
	argc -= optind;
	if (argc >= 3 && !strcmp(argv[0], "set")) {
		request.type = LOCAL_LABEL_SET;
		if ((size_t)snprintf(request.label, sizeof(request.label), "%s", argv[1]) >=
			sizeof(request.label)) {
			(void)fprintf(stderr, "holdfast: no label has so long a name\n");
			return CLI_REFUSED;
		}
		argv++;
		argc--;
	} else if (argc >= 2 && !strcmp(argv[0], "show")) {
		request.type = LOCAL_LABEL_SHOW;
	} else if (argc >= 2 && !strcmp(argv[0], "clear")) {
		request.type = LOCAL_LABEL_CLEAR;
	} else {
		(void)fputs(usage, stderr);
		return CLI_USAGE;
	}
	for (int i = 1; i < argc; i++) {
		r = label_one(&request, argv[i], is_json);
		if (r == CLI_NO_AGENT)
			return r;
		if (r != CLI_DONE)
			status = r;
	}
	return status;
}
