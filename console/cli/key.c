/* SPDX-License-Identifier: Apache-2.0 */
/* holdfast-console key: keys of labels, and the proof that one is destroyed, which needs no console. */
#include <errno.h>
#include <getopt.h>
#include <json-c/json.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "common/mark_id.h"
#include "common/uuid.h"
#include "console/authority/key_receipt.h"
#include "console/cli/cli.h"
#include "console/cli/receipt.h"
#include "policy/uuid.h"

static const char usage[] =
	"usage: holdfast-console key list [--json]\n"
	"       holdfast-console key show LABEL [--json]\n"
	"       holdfast-console key rotate LABEL\n"
	"       holdfast-console key terms LABEL [--network 'PREFIX ...'] [--verified] [--for "
	"HOURS]\n"
	"       holdfast-console key destroy LABEL --generation N [--force]\n"
	"       holdfast-console key receipt LABEL --generation N\n"
	"       holdfast-console key receipt --verify FILE [--ca FILE]\n"
	"Keys by which devices read what is encrypted for a label. LABEL is TENANT/LABEL as in "
	"the\n"
	"policy, or the label's id, a UUID; or @watermark, of which devices get the pens that "
	"blind\n"
	"marks are made with. rotate makes the first key too; earlier generations\n"
	"stay readable until they are destroyed, which can't be taken back, by nobody.\n"
	"  --network 'PREFIX ...'  terms: released to these addresses only, as '192.0.2.0/24'\n"
	"  --verified              terms: to users who have just verified only\n"
	"  --for HOURS             terms: how long a device keeps them without asking again (24)\n"
	"  --force                 destroy: also the one in use\n"
	"  --verify FILE           proves a receipt by the root certificate, that of this console\n"
	"                          or --ca FILE\n";

struct options {
	struct admin_request request;
	bool is_json;
	const char *receipt, *ca;
};

static int hours(const char *text, uint64_t *ret_seconds)
{
	uint32_t number;

	if (cli_number(text, KEY_SECONDS_MAX / 3600, &number) < 0)
		return -EINVAL;
	*ret_seconds = number * UINT64_C(3600);
	return 0;
}

static int parse_options(int argc, char **argv, struct options *options)
{
	static const struct option known[] = {{"json", no_argument, NULL, 'j'},
		{"generation", required_argument, NULL, 'g'}, {"force", no_argument, NULL, 'f'},
		{"network", required_argument, NULL, 'n'}, {"verified", no_argument, NULL, 'V'},
		{"for", required_argument, NULL, 'F'}, {"verify", required_argument, NULL, 'r'},
		{"ca", required_argument, NULL, 'c'}, {"help", no_argument, NULL, 'h'}, {0}};
	uint32_t number;
	int option;

	while ((option = getopt_long(argc, argv, "h", known, NULL)) >= 0) {
		if (option == 'h')
			return fputs(usage, stdout), CLI_DONE;
		if (option == 'j')
			options->is_json = true;
		else if (option == 'f')
			options->request.flags |= ADMIN_IS_FORCED;
		else if (option == 'V')
			options->request.flags |= ADMIN_IS_VERIFIED;
		else if (option == 'r')
			options->receipt = optarg;
		else if (option == 'c')
			options->ca = optarg;
		else if (option == 'g' && cli_number(optarg, UINT32_MAX, &number) == 0)
			options->request.number = number;
		else if (option == 'F' && hours(optarg, &options->request.number) == 0)
			continue;
		else if (option == 'n' &&
			 cli_text(options->request.text, sizeof(options->request.text), optarg))
			continue;
		else
			return cli_usage(usage);
	}
	return OPTIONS_GO_ON;
}

/* "acme/finance", or a UUID. */
static int take_label(const char *text, struct admin_request *request)
{
	const char *slash = strchr(text, '/');
	char tenant[ADMIN_TEXT_SIZE];
	uint8_t uuid[16];

	if (!cli_text(request->name, sizeof(request->name), text))
		return CLI_USAGE;
	if (strlen(text) >= CONSOLE_KEY_NAME_SIZE)
		return cli_refuse("'%s' is longer than the name of a label", text);
	if (!strcmp(text, "@watermark")) {
		mark_id_write(&(const struct mark_id){.uid = MARK_ID_TENANT}, uuid);
	} else if (uuid_parse(text, uuid) < 0) {
		(void)snprintf(
			tenant, sizeof(tenant), "%.*s", slash ? (int)(slash - text) : 0, text);
		if (slash && !slash[1])
			return cli_refuse("'%s' names no label: say TENANT/LABEL", text);
		policy_uuid_of_label(tenant, slash ? slash + 1 : text, uuid);
	}
	uuid_format(uuid, request->device);
	return OPTIONS_GO_ON;
}

static void print_time(struct json_object *key, const char *name)
{
	char when[CLOCK_TEXT_SIZE];

	if (!json_number(key, name))
		return;
	clock_format(json_number(key, name), when);
	(void)printf("  %s %s", name, when);
}

static void print_key(struct json_object *key, const char *text, void *userdata)
{
	const struct options *options = userdata;
	const char *state = json_text(key, "state");

	if (options->is_json) {
		(void)puts(text);
		return;
	}
	(void)printf("%-24s  generation %-3llu  ", json_text(key, "name"),
		(unsigned long long)json_number(key, "generation"));
	print_styled(!strcmp(state, "in use")	   ? PRINT_GOOD
		     : !strcmp(state, "destroyed") ? PRINT_WARN
						   : PRINT_DIM,
		"%s", state);
	print_time(key, "made");
	print_time(key, "destroyed");
	(void)putchar('\n');
	if (options->request.type != ADMIN_KEYS || !options->request.device[0] ||
		!json_number(key, "seconds"))
		return;
	(void)printf("  label %s, released%s%s%s, for %llu hours\n", json_text(key, "label"),
		json_text(key, "networks")[0] ? " to " : " to any address",
		json_text(key, "networks"),
		json_object_object_get(key, "verified") ? ", to users who have verified" : "",
		(unsigned long long)json_number(key, "seconds") / 3600);
}

static void print_receipt(struct json_object *line, const char *text, void *userdata)
{
	(void)text;
	(void)userdata;
	(void)fputs(json_text(line, "receipt"), stdout);
}

static int verify(const struct options *options)
{
	char text[KEY_RECEIPT_MAX + 1], when[CLOCK_TEXT_SIZE], label[UUID_TEXT_SIZE];
	X509_STORE *anchors = receipt_anchors(options->ca);
	struct key_receipt receipt;
	int size, r;

	if (!anchors)
		return CLI_REFUSED;
	size = receipt_read(options->receipt, text, sizeof(text));
	if (size < 0) {
		X509_STORE_free(anchors);
		return cli_refuse("cannot read '%s': %s", options->receipt, strerror(-size));
	}
	r = key_receipt_verify(text, (size_t)size, anchors, &receipt);
	X509_STORE_free(anchors);
	if (r < 0)
		return cli_refuse("%s: %s", options->receipt,
			r == -EBADMSG ? "it is no receipt, byte for byte"
				      : "it is NOT signed by an authority of this root");
	clock_format(receipt.destroyed_s * 1000, when);
	uuid_format(receipt.label, label);
	print_styled(PRINT_GOOD, "The receipt is genuine.\n");
	(void)printf("Key of label '%s' (%s), generation %u, of tenant %s,\n"
		     "was destroyed %s, by %s.\n",
		receipt.name, label, receipt.generation, receipt.tenant, when, receipt.by);
	return CLI_DONE;
}

static int run(const char *verb, int argc, char **argv, struct options *options)
{
	struct admin_request *request = &options->request;
	bool needs_generation = !strcmp(verb, "destroy") || !strcmp(verb, "receipt");
	int r;

	if (!strcmp(verb, "receipt") && options->receipt)
		return optind == argc ? verify(options) : cli_usage(usage);
	if (!strcmp(verb, "list")) {
		request->type = ADMIN_KEYS;
		return optind == argc ? client_ask(request, print_key, options) : cli_usage(usage);
	}
	if (optind + 1 != argc || options->receipt || (needs_generation && !request->number))
		return cli_usage(usage);
	r = take_label(argv[optind], request);
	if (r != OPTIONS_GO_ON)
		return r;
	if (!strcmp(verb, "receipt")) {
		request->type = ADMIN_KEY_RECEIPT;
		return client_ask(request, print_receipt, NULL);
	}
	request->type = !strcmp(verb, "show")	   ? ADMIN_KEYS
			: !strcmp(verb, "rotate")  ? ADMIN_KEY_ROTATE
			: !strcmp(verb, "destroy") ? ADMIN_KEY_DESTROY
			: !strcmp(verb, "terms")   ? ADMIN_KEY_TERMS
						   : 0;
	return request->type ? client_ask(request, print_key, options) : cli_usage(usage);
}

int cli_key(int argc, char **argv)
{
	static struct options options;
	int r;

	if (argc < 2)
		return cli_usage(usage);
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return fputs(usage, stdout), CLI_DONE;
	r = parse_options(argc - 1, argv + 1, &options);
	if (r != OPTIONS_GO_ON)
		return r;
	return run(argv[1], argc - 1, argv + 1, &options);
}
