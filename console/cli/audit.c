/* SPDX-License-Identifier: Apache-2.0 */
/* holdfast-console audit: rows are proven here, not by who keeps them. */
#include <getopt.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/hex.h"
#include "console/cli/cli.h"
#include "console/store/audit.h"

#define LIMIT_USUAL 100
#define LIMIT_MAX   100000
#define HEX_SIZE    (2 * CONSOLE_HASH_SIZE + 1)

static const char usage[] =
	"usage: holdfast-console audit [--limit N | --all] [--json]\n"
	"       holdfast-console audit --verify [--link LINK]\n"
	"What administrators did, oldest first: the newest 100.\n"
	"  --limit N    the newest N\n"
	"  --all        all of it\n"
	"  --json       one act a line\n"
	"  --verify     prove that no act was changed, taken out or put in: each has a hash (its\n"
	"               link) over itself and the one before. Says the newest link: keep it "
	"elsewhere\n"
	"  --link LINK  one kept from an earlier --verify: it must still be there, so that "
	"nothing\n"
	"               up to it was cut off or written anew\n";

struct view {
	bool is_json, is_verifying, is_bad, has_kept;
	const char *kept;
	uint8_t link[CONSOLE_HASH_SIZE];
	int64_t last, unlinked;
	unsigned int count;
};

static void read_row(struct json_object *line, struct store_audit *ret_row)
{
	*ret_row = (struct store_audit){.id = (int64_t)json_number(line, "id"),
		.time_ms = (int64_t)json_number(line, "time")};
	(void)snprintf(ret_row->who, sizeof(ret_row->who), "%s", json_text(line, "who"));
	(void)snprintf(ret_row->act, sizeof(ret_row->act), "%s", json_text(line, "act"));
	(void)snprintf(ret_row->what, sizeof(ret_row->what), "%s", json_text(line, "what"));
	(void)snprintf(ret_row->before, sizeof(ret_row->before), "%s", json_text(line, "before"));
	(void)snprintf(ret_row->after, sizeof(ret_row->after), "%s", json_text(line, "after"));
}

static void complain(struct view *view, int64_t id, const char *why)
{
	if (!view->is_bad) /* what follows is only what comes of it */
		(void)cli_refuse("act %lld %s: the log was tampered with, or is damaged",
			(long long)id, why);
	view->is_bad = true;
}

/* Rows before there was a chain have no link, and only the first ones are such. */
static void verify(struct view *view, struct json_object *line)
{
	static const uint8_t none[CONSOLE_HASH_SIZE];
	static struct store_audit row; /* too large for the stack */
	char hex[HEX_SIZE], none_hex[HEX_SIZE];
	const char *said = json_text(line, "link");

	read_row(line, &row);
	hex_write(none, CONSOLE_HASH_SIZE, none_hex);
	if (row.id != view->last + 1)
		complain(view, view->last + 1, "is not there");
	view->last = row.id;
	if (!strcmp(said, none_hex) && view->unlinked == row.id - 1) {
		view->unlinked = row.id;
		return;
	}
	if (audit_link(&row, view->link, view->link) < 0)
		complain(view, row.id, "cannot be hashed");
	hex_write(view->link, CONSOLE_HASH_SIZE, hex);
	if (strcmp(hex, said) != 0)
		complain(view, row.id, "does not fit the link of the one before");
	view->has_kept |= view->kept && !strcmp(view->kept, hex);
}

static void print_row(struct json_object *line)
{
	static const char *const names[] = {"before", "after"};
	char when[CLOCK_TEXT_SIZE];

	clock_format(json_number(line, "time"), when);
	print_styled(PRINT_DIM, "%s  ", when);
	print_clean(json_text(line, "who"));
	print_styled(PRINT_BOLD, "  %s", json_text(line, "act"));
	(void)fputs("  ", stdout);
	print_clean(json_text(line, "what"));
	for (size_t i = 0; i < 2; i++)
		if (json_text(line, names[i])[0]) {
			(void)printf("%s", i ? " -> " : "  ");
			print_clean(json_text(line, names[i]));
		}
	(void)putchar('\n');
}

static void on_line(struct json_object *line, const char *text, void *userdata)
{
	struct view *view = userdata;

	view->count++;
	if (view->is_verifying)
		verify(view, line);
	else if (view->is_json)
		(void)puts(text);
	else
		print_row(line);
}

static int conclude(const struct view *view)
{
	char hex[HEX_SIZE];

	if (view->is_bad)
		return CLI_REFUSED;
	if (view->kept && !view->has_kept)
		return cli_refuse("no act has the link %s: acts were cut off, or all was written "
				  "anew",
			view->kept);
	hex_write(view->link, CONSOLE_HASH_SIZE, hex);
	(void)printf("%u acts, each as it was written", view->count);
	if (view->unlinked)
		(void)printf("; the first %lld are of a version without links",
			(long long)view->unlinked);
	(void)printf("\nnewest link %s\n", hex);
	return CLI_DONE;
}

int cli_audit(int argc, char **argv)
{
	static const struct option known[] = {{"limit", required_argument, NULL, 'n'},
		{"all", no_argument, NULL, 'a'}, {"json", no_argument, NULL, 'j'},
		{"verify", no_argument, NULL, 'v'}, {"link", required_argument, NULL, 'l'},
		{"help", no_argument, NULL, 'h'}, {0}};
	struct admin_request request = {.type = ADMIN_AUDIT, .limit = LIMIT_USUAL};
	struct view view = {0};
	int option, r;

	while ((option = getopt_long(argc, argv, "h", known, NULL)) >= 0) {
		if (option == 'h')
			return fputs(usage, stdout), CLI_DONE;
		if (option == 'a')
			request.limit = 0;
		else if (option == 'j')
			view.is_json = true;
		else if (option == 'v')
			view.is_verifying = true;
		else if (option == 'l')
			view.kept = optarg;
		else if (option != 'n' || cli_number(optarg, LIMIT_MAX, &request.limit) < 0)
			return cli_usage(usage);
	}
	if (optind != argc || (view.kept && !view.is_verifying))
		return cli_usage(usage);
	if (view.is_verifying)
		request.limit = 0;
	r = client_ask(&request, on_line, &view);
	return r == CLI_DONE && view.is_verifying ? conclude(&view) : r;
}
