/* SPDX-License-Identifier: Apache-2.0 */
/* holdfast-console device wipe, device receipt */
#include "console/cli/device_wipe.h"

#include <errno.h>
#include <getopt.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/uuid.h"
#include "common/wipe_receipt.h"
#include "console/cli/receipt.h"

static const char usage[] =
	"usage: holdfast-console device wipe DEVICE [--files | --keys] [--reason TEXT] [--yes]\n"
	"       holdfast-console device wipe --withdraw DEVICE\n"
	"       holdfast-console device receipt DEVICE\n"
	"       holdfast-console device receipt --verify FILE [--ca FILE]\n"
	"The device destroys the keys it has, what it knows of vaults, lineage, its spool once "
	"that\n"
	"is delivered, and labelled files as its policy says ([label] wipe); then it sends a "
	"signed\n"
	"receipt and is suspended. It is told as soon as it is connected.\n"
	"  --files        all labelled files, whatever the policy says\n"
	"  --keys         nothing but keys and vaults\n"
	"  --reason TEXT  is written down with it\n"
	"  --yes          does not ask for the device's name once more\n"
	"  --withdraw     takes the order back, as long as the device was not told\n"
	"  --verify FILE  proves a receipt by the root certificate, that of this console or\n"
	"                 --ca FILE\n";

static void print_time(const char *what, struct json_object *wipe, const char *name)
{
	char when[CLOCK_TEXT_SIZE];

	if (!json_number(wipe, name))
		return;
	clock_format(json_number(wipe, name), when);
	(void)printf("%s%s", what, when);
}

static enum print_style style_of(const char *state)
{
	return !strcmp(state, "done") ? PRINT_GOOD : PRINT_WARN;
}

void device_wipe_print_row(struct json_object *device)
{
	struct json_object *wipe = json_at(device, "wipe");
	const char *state = wipe ? json_text(wipe, "state") : "withdrawn";

	if (!strcmp(state, "withdrawn"))
		return;
	print_styled(style_of(state), "  wipe %s", state);
	print_time(" ", wipe, state);
}

void device_wipe_print(struct json_object *device)
{
	struct json_object *wipe = json_at(device, "wipe");
	const char *state = wipe ? json_text(wipe, "state") : "";

	if (!wipe)
		return;
	print_styled(PRINT_BOLD, "To be destroyed\n");
	print_styled(style_of(state), "  order %llu, %s: %s\n",
		(unsigned long long)json_number(wipe, "number"), json_text(wipe, "what"), state);
	print_time("  ordered ", wipe, "ordered");
	(void)fputs(" by ", stdout);
	print_clean(json_text(wipe, "who"));
	if (json_text(wipe, "why")[0]) {
		(void)fputs(": ", stdout);
		print_clean(json_text(wipe, "why"));
	}
	(void)putchar('\n');
	print_time("  received ", wipe, "received");
	print_time(", done ", wipe, "done");
	print_time("  withdrawn ", wipe, "withdrawn");
	(void)puts(!strcmp(state, "done") ? "; see device receipt" : "");
}

static void no_line(struct json_object *line, const char *text, void *userdata)
{
	(void)line; /* the words at the end say it */
	(void)text;
	(void)userdata;
}

/* By the name as it was said: a slip of the tongue wipes nobody. */
static bool is_confirmed(const char *device)
{
	char line[ADMIN_TEXT_SIZE] = "";

	(void)fprintf(stderr,
		"What '%s' destroys can't be brought back. Say its name once more to order it: ",
		device);
	if (!fgets(line, sizeof(line), stdin))
		line[0] = '\0';
	line[strcspn(line, "\n")] = '\0';
	return !strcmp(line, device);
}

int device_wipe(int argc, char **argv)
{
	static const struct option known[] = {{"files", no_argument, NULL, 'f'},
		{"keys", no_argument, NULL, 'k'}, {"withdraw", no_argument, NULL, 'w'},
		{"reason", required_argument, NULL, 'r'}, {"why", required_argument, NULL, 'r'},
		{"yes", no_argument, NULL, 'y'}, {"help", no_argument, NULL, 'h'}, {0}};
	struct admin_request request = {.type = ADMIN_DEVICE_WIPE};
	const char *what = NULL;
	bool is_sure = false;
	int option;

	while ((option = getopt_long(argc, argv, "h", known, NULL)) >= 0) {
		if (option == 'h')
			return fputs(usage, stdout), CLI_DONE;
		if (option == 'y')
			is_sure = true;
		else if (option == 'r' && cli_text(request.why, sizeof(request.why), optarg))
			continue;
		else if ((option == 'f' || option == 'k' || option == 'w') && !what)
			what = option == 'f' ? "files" : option == 'k' ? "keys" : "withdraw";
		else
			return cli_usage(usage);
	}
	if (optind + 1 != argc)
		return cli_usage(usage);
	if (!cli_text(request.device, sizeof(request.device), argv[optind]))
		return CLI_USAGE;
	(void)snprintf(request.name, sizeof(request.name), "%s", what ? what : "wipe");
	if (strcmp(request.name, "withdraw") != 0 && !is_sure && !is_confirmed(request.device))
		return cli_refuse("that is not its name: nothing is ordered");
	return client_ask(&request, no_line, NULL);
}

static void print_receipt(struct json_object *line, const char *text, void *userdata)
{
	(void)text;
	(void)userdata;
	(void)fputs(json_text(line, "receipt"), stdout);
}

static void say_receipt(const struct wipe_receipt *receipt)
{
	char begun[CLOCK_TEXT_SIZE], ended[CLOCK_TEXT_SIZE], device[UUID_TEXT_SIZE];

	clock_format(receipt->begun_s * 1000, begun);
	clock_format(receipt->ended_s * 1000, ended);
	uuid_format(receipt->device, device);
	print_styled(PRINT_GOOD, "The receipt is genuine.\n");
	(void)printf("Device %s, order %llu (%s), from %s to %s:\n", device,
		(unsigned long long)receipt->order, lease_order_name(receipt->what), begun, ended);
	(void)printf("  keys of %llu labels are not in its memory any more\n",
		(unsigned long long)receipt->label_count);
	(void)printf("  nothing is known there of %llu vaults\n",
		(unsigned long long)receipt->vault_count);
	(void)printf("  labelled files: %llu removed, %llu of them overwritten, %llu kept by its "
		     "policy\n",
		(unsigned long long)receipt->removed, (unsigned long long)receipt->overwritten,
		(unsigned long long)receipt->kept);
	if (receipt->failed || receipt->elsewhere || receipt->failure_count)
		print_styled(PRINT_BAD, "  NOT removed: %llu, and %llu on volumes not there\n",
			(unsigned long long)receipt->failed,
			(unsigned long long)receipt->elsewhere);
	for (uint64_t i = 0; i < receipt->failure_count && i < WIPE_RECEIPT_FAILURES; i++) {
		(void)fputs("    ", stdout);
		print_clean(receipt->failures[i]);
		(void)putchar('\n');
	}
	if (receipt->undelivered)
		print_styled(PRINT_WARN, "  %llu events went before they were delivered\n",
			(unsigned long long)receipt->undelivered);
}

static int verify(const char *file, const char *ca)
{
	static char text[WIPE_RECEIPT_MAX + 1];
	X509_STORE *anchors = receipt_anchors(ca);
	struct wipe_receipt receipt;
	X509 *certificate;
	int size, r;

	if (!anchors)
		return CLI_REFUSED;
	size = receipt_read(file, text, sizeof(text));
	r = size < 0 ? size
		     : wipe_receipt_verify(text, (size_t)size, anchors, &receipt, &certificate);
	X509_STORE_free(anchors);
	if (size < 0)
		return cli_refuse("cannot read '%s': %s", file, strerror(-size));
	if (r < 0)
		return cli_refuse("%s: %s", file,
			r == -EBADMSG ? "it is no receipt, byte for byte"
				      : "it is NOT signed by a device of this root");
	X509_free(certificate);
	say_receipt(&receipt);
	return CLI_DONE;
}

int device_receipt(int argc, char **argv)
{
	static const struct option known[] = {{"verify", required_argument, NULL, 'v'},
		{"ca", required_argument, NULL, 'c'}, {"help", no_argument, NULL, 'h'}, {0}};
	struct admin_request request = {.type = ADMIN_DEVICE_RECEIPT};
	const char *file = NULL, *ca = NULL;
	int option;

	while ((option = getopt_long(argc, argv, "h", known, NULL)) >= 0) {
		if (option == 'h')
			return fputs(usage, stdout), CLI_DONE;
		if (option == 'v')
			file = optarg;
		else if (option == 'c')
			ca = optarg;
		else
			return cli_usage(usage);
	}
	if (file)
		return optind == argc ? verify(file, ca) : cli_usage(usage);
	if (optind + 1 != argc || ca)
		return cli_usage(usage);
	if (!cli_text(request.device, sizeof(request.device), argv[optind]))
		return CLI_USAGE;
	return client_ask(&request, print_receipt, NULL);
}
