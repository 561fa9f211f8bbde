/* SPDX-License-Identifier: Apache-2.0 */
/* What policies come to: masks, prefixes, grants, tables. And: what is shipped compiles. */
#include "tests/unit/policy_fixture.h"

#include <glob.h>

#include "policy/address.h"
#include "policy/evaluate.h"

#define FINANCE UINT64_C(1)
#define HR	UINT64_C(2)

#define TWO                                                                       \
	GOOD "[label hr]\ntenant = acme\npath = /srv/hr\nopen-with = vim, less\n" \
	     "[app less]\npath = /usr/bin/less\n"

static const struct hf_channel_masks *masks_of(
	const struct policy_compiled *compiled, enum hf_channel channel)
{
	return &compiled->bank.channels[channel];
}

Test(policy_compile, closed_by_default)
{
	struct policy_compiled *compiled = fixture_compile(GOOD);

	for (unsigned int channel = 0; channel < HF_CHANNEL_MAX; channel++) {
		const struct hf_channel_masks *masks = &compiled->bank.channels[channel];

		if (channel == HF_CHANNEL_LOCAL_FILE || channel == HF_CHANNEL_PASS ||
			channel == HF_CHANNEL_CLIPBOARD) {
			cr_assert_eq(masks->follow, UINT64_MAX);
			cr_assert_eq(masks->block, 0);
		} else if (channel == HF_CHANNEL_SCREEN) {
			cr_assert_eq(masks->follow, UINT64_MAX, "for who is excepted");
			cr_assert_eq(masks->block, UINT64_MAX);
		} else {
			/* Bits of labels this policy does not know are closed too. */
			cr_assert_eq(masks->block, UINT64_MAX, "channel %u", channel);
			cr_assert_eq(masks->follow, 0);
		}
		cr_assert_eq(masks->warn | masks->audit, 0);
	}
	cr_assert_eq(compiled->bank.serial, 1);
	cr_assert_eq(compiled->bank.apps[1].open, FINANCE);
	cr_assert_eq(compiled->bank.apps[HF_APP_UNKNOWN].open, 0);
	policy_compiled_free(compiled);
}

Test(policy_compile, actions)
{
	struct policy_compiled *compiled = fixture_compile(
		TWO "[rule a]\nlabel = finance\nchannel = network, removable\naction = audit\n"
		    "[rule b]\nlabel = hr\nchannel = network\naction = allow\n"
		    "[rule c]\nlabel = *\nchannel = removable, netshare\naction = warn\n"
		    "[rule d]\nlabel = hr\nchannel = local-file\naction = allow\n");

	cr_assert_eq(masks_of(compiled, HF_CHANNEL_NETWORK)->audit, FINANCE);
	cr_assert_eq(masks_of(compiled, HF_CHANNEL_NETWORK)->block, ~(FINANCE | HR));
	cr_assert_eq(masks_of(compiled, HF_CHANNEL_REMOVABLE)->audit, FINANCE);
	cr_assert_eq(masks_of(compiled, HF_CHANNEL_REMOVABLE)->warn, HR, "'*' is the rest");
	cr_assert_eq(masks_of(compiled, HF_CHANNEL_NETSHARE)->warn, FINANCE | HR);
	cr_assert_eq(masks_of(compiled, HF_CHANNEL_LOCAL_FILE)->follow, ~HR);
	policy_compiled_free(compiled);
}

/* An exception lets a write through; the label stays on what was written. */
Test(policy_compile, exceptions_do_not_shed_labels)
{
	struct policy_compiled *compiled = fixture_compile(
		TWO "[rule a]\nlabel = finance\nchannel = local-file\naction = block\nexcept-app = "
		    "vim\n");

	cr_assert_eq(masks_of(compiled, HF_CHANNEL_LOCAL_FILE)->block, FINANCE);
	cr_assert(masks_of(compiled, HF_CHANNEL_LOCAL_FILE)->follow & FINANCE);
	cr_assert_eq(compiled->bank.apps[1].except[HF_CHANNEL_LOCAL_FILE], FINANCE);
	cr_assert_eq(compiled->bank.apps[2].except[HF_CHANNEL_LOCAL_FILE], 0);
	policy_compiled_free(compiled);
}

Test(policy_compile, open_with)
{
	struct policy_compiled *compiled = fixture_compile(
		TWO "[label any]\ntenant = acme\n[label shut]\ntenant = acme\nopen-with = none\n");

	cr_assert_eq(compiled->bank.apps[1].open, FINANCE | HR | 4);
	cr_assert_eq(compiled->bank.apps[2].open, HR | 4);
	cr_assert_eq(compiled->bank.apps[HF_APP_UNKNOWN].open, 4);
	cr_assert_eq(compiled->bank.apps[HF_APP_MAX - 1].open, 4);
	policy_compiled_free(compiled);
}

Test(policy_compile, view_only_and_rehearse)
{
	struct policy_compiled *compiled = fixture_compile(HEAD TENANT APP
		"[label board]\ntenant = acme\nopen-with = vim\nview-only = yes\n"
		"[label hr]\ntenant = acme\nopen-with = vim\nmode = rehearse\n"
		"[rule all]\nlabel = *\nchannel = local-file, network\naction = audit\n");

	cr_assert_eq(compiled->view_only, 1);
	cr_assert_eq(compiled->gates.rehearse, 2);
	cr_assert_eq(compiled->gates.shut, 0);
	cr_assert_eq(masks_of(compiled, HF_CHANNEL_LOCAL_FILE)->block, 1);
	cr_assert_eq(masks_of(compiled, HF_CHANNEL_LOCAL_FILE)->audit, 2);
	cr_assert(masks_of(compiled, HF_CHANNEL_NETWORK)->block & 1, "'*' passes view-only over");
	policy_compiled_free(compiled);
}

Test(policy_compile, raw_disk)
{
	struct policy_compiled *compiled = fixture_compile(
		GOOD "[app fsck]\npath = /usr/sbin/e2fsck\nraw-disk = yes\n");

	cr_assert_eq(compiled->bank.apps[2].except[HF_CHANNEL_RAWDISK], UINT64_MAX);
	cr_assert_eq(compiled->bank.apps[2].open, 0);
	cr_assert_eq(compiled->bank.apps[1].except[HF_CHANNEL_RAWDISK], 0);
	policy_compiled_free(compiled);
}

Test(policy_compile, grants)
{
	struct policy_compiled *compiled = fixture_compile(TWO
		"[rule a]\nlabel = finance, hr\nchannel = removable\naction = block\nexcept-user = "
		"anna, 7\n"
		"[rule b]\nlabel = hr\nchannel = network\naction = warn\nexcept-user = @audit\n");

	cr_assert_eq(compiled->grant_count, 4);
	cr_assert_eq(policy_granted(compiled, 1001, HF_CHANNEL_REMOVABLE), FINANCE | HR);
	cr_assert_eq(policy_granted(compiled, 7, HF_CHANNEL_REMOVABLE), FINANCE | HR);
	cr_assert_eq(policy_granted(compiled, 1002, HF_CHANNEL_REMOVABLE), 0);
	cr_assert_eq(policy_granted(compiled, 1002, HF_CHANNEL_NETWORK), HR);
	cr_assert_eq(compiled->grants[0].grant.until_ktime_ns, UINT64_MAX);
	policy_compiled_free(compiled);
}

static int compile_bad(const char *text, const struct policy_compiler *compiler,
	const char *message, unsigned int line)
{
	struct policy *policy = fixture_policy(text);
	struct policy_problems problems = {0};
	struct policy_compiled *compiled = NULL;
	int r;

	r = policy_compile(policy, compiler, &problems, &compiled);
	cr_assert_null(compiled);
	cr_assert_eq(problems.count, 1);
	cr_assert(strstr(problems.items[0].message, message), "%s", problems.items[0].message);
	cr_assert_eq(problems.items[0].line, line);
	policy_free(policy);
	policy_problems_done(&problems);
	return r;
}

Test(policy_compile, unknown_user)
{
	const struct policy_compiler compiler = {.resolve_user = fixture_users};

	cr_assert_eq(
		compile_bad(GOOD "[rule a]\nlabel = finance\nchannel = removable\naction = block\n"
				 "except-user = nobody-here\n",
			&compiler, "expected a user this computer knows", 16),
		-EBADMSG);
	cr_assert_eq(
		compile_bad(GOOD "[rule a]\nlabel = finance\nchannel = removable\naction = block\n"
				 "except-user = @nobody\n",
			&compiler, "expected a group this computer knows", 16),
		-EBADMSG);
}

static int bit_from_63(const uint8_t uuid[POLICY_UUID_SIZE], const char *name, void *userdata)
{
	int *next = userdata;

	(void)uuid; /* any will do */
	(void)name;
	return *next > 62 ? (*next)-- : -ENOSPC;
}

Test(policy_compile, bits_are_the_callers)
{
	int next = 63;
	const struct policy_compiler compiler = {.bit_of_label = bit_from_63, .userdata = &next};
	struct policy_problems problems = {0};
	struct policy_compiled *compiled = NULL;
	struct policy *policy = NULL;

	cr_assert_eq(fixture_parse(GOOD, &problems, &policy), 0);
	cr_assert_eq(policy_compile(policy, &compiler, &problems, &compiled), 0);
	cr_assert_eq(compiled->labels, UINT64_C(1) << 63);
	cr_assert_str_eq(compiled->label[63].name, "finance");
	cr_assert_eq(compiled->marks[0].bit, 63);
	cr_assert_eq(compiled->bank.apps[1].open, UINT64_C(1) << 63);
	policy_compiled_free(compiled);
	policy_free(policy);
	cr_assert_eq(compile_bad(TWO, &compiler, "no room for label finance", 6), -ENOSPC);
}

#define NETWORK_RULE \
	"[rule n]\nlabel = finance\nchannel = network\naction = block\nexcept-network = "

static uint64_t allow_on(const struct policy_compiled *compiled, unsigned int channel,
	const char *address, uint16_t port)
{
	struct policy_act act = {.channel = channel, .has_destination = true, .port = port};
	struct policy_prefix prefix;
	char text[64];

	(void)snprintf(text, sizeof(text), "%s", address);
	cr_assert_eq(policy_prefix_parse(text, &prefix), POLICY_ADDRESS_OK);
	memcpy(act.address, prefix.address, sizeof(act.address));
	return policy_dest_allow(compiled, &act);
}

static uint64_t allow_at(const struct policy_compiled *compiled, const char *address, uint16_t port)
{
	return allow_on(compiled, HF_CHANNEL_NETWORK, address, port);
}

Test(policy_compile, destinations)
{
	struct policy_compiled *compiled = fixture_compile(
		TWO "[network wide]\naddress = 10.0.0.0/8\nport = 443\n"
		    "[network narrow]\naddress = 10.1.0.0/16\n" NETWORK_RULE "wide\n"
		    "[rule m]\nlabel = hr\nchannel = network\naction = block\nexcept-network = "
		    "narrow\n");

	cr_assert_eq(allow_at(compiled, "10.2.0.1", 443), FINANCE);
	cr_assert_eq(allow_at(compiled, "10.2.0.1", 80), 0);
	cr_assert_eq(allow_at(compiled, "10.1.0.1", 80), HR);
	cr_assert_eq(allow_at(compiled, "10.1.0.1", 443), FINANCE | HR, "the enclosing one counts");
	cr_assert_eq(allow_at(compiled, "11.0.0.1", 443), 0);
	policy_compiled_free(compiled);
}

/* Each channel has exceptions of its own, also where they share a network. */
Test(policy_compile, destinations_of_printers)
{
	struct policy_compiled *compiled = fixture_compile(
		TWO "[network all]\naddress = 10.0.0.0/8\n"
		    "[network printers]\naddress = 10.1.0.0/16\nport = 631\n" NETWORK_RULE "all\n"
		    "[rule p]\nlabel = hr, finance\nchannel = print\naction = block\n"
		    "except-network = printers\n");

	cr_assert_eq(allow_on(compiled, HF_CHANNEL_PRINT, "10.1.0.1", 631), FINANCE | HR);
	cr_assert_eq(allow_on(compiled, HF_CHANNEL_PRINT, "10.1.0.1", 9100), 0);
	cr_assert_eq(allow_on(compiled, HF_CHANNEL_PRINT, "10.2.0.1", 631), 0);
	cr_assert_eq(allow_at(compiled, "10.1.0.1", 631), FINANCE);
	cr_assert_eq(allow_at(compiled, "10.2.0.1", 631), FINANCE);
	cr_assert_eq(allow_on(compiled, HF_CHANNEL_REMOVABLE, "10.1.0.1", 631), 0);
	policy_compiled_free(compiled);
}

Test(policy_compile, print_service)
{
	struct policy_compiled *compiled = fixture_compile(
		GOOD "[app cups]\npath = /usr/sbin/cupsd\nprint-service = yes\n");
	uint32_t app = policy_app_of_name(compiled, "cups");

	cr_assert_neq(app, HF_APP_UNKNOWN);
	cr_assert_eq(compiled->bank.apps[app].flags, HF_APP_PRINTS);
	cr_assert_eq(masks_of(compiled, HF_CHANNEL_PRINT)->block, UINT64_MAX, "closed by default");
	policy_compiled_free(compiled);
}

Test(policy_compile, message_bus_and_service_manager)
{
	struct policy_compiled *compiled = fixture_compile(
		GOOD "[app bus]\npath = /usr/bin/dbus-daemon\nmessage-bus = yes\n"
		     "[app manager]\npath = /usr/lib/systemd/systemd\nservice-manager = yes\n"
		     "[app neither]\npath = /usr/bin/x\nmessage-bus = no\nservice-manager = no\n");
	const struct hf_app *apps = compiled->bank.apps;

	cr_assert_eq(apps[policy_app_of_name(compiled, "bus")].flags, HF_APP_CARRIER | HF_APP_BUS);
	cr_assert_eq(apps[policy_app_of_name(compiled, "manager")].flags,
		HF_APP_CARRIER | HF_APP_MANAGER);
	cr_assert_eq(apps[policy_app_of_name(compiled, "neither")].flags, 0);
	policy_compiled_free(compiled);
}

Test(policy_compile, exempt)
{
	struct policy_compiled *compiled = fixture_compile(
		TWO "state = ~/.config/less\nstate = /var/lib/less\n"
		    "[declassify open]\nlabel = hr, finance\napp = vim\npath = /srv/open\n"
		    "text = It was published.\n[cache c]\npath = ~/.cache\n");
	uint32_t vim = policy_app_of_name(compiled, "vim");
	uint32_t less = policy_app_of_name(compiled, "less");
	const struct policy_exempt *exempt;

	cr_assert_eq(compiled->exempt_count, 6);
	cr_assert(compiled->bank.has_caches);
	cr_assert_not_null(policy_exempt_of_path(
		compiled, HF_EXEMPT_CACHE, HF_APP_UNKNOWN, HR, "/home/anna/.cache/mesa/index"));
	cr_assert_eq(compiled->bank.apps[less].flags, HF_APP_STATE);
	cr_assert_eq(compiled->bank.apps[vim].flags, HF_APP_SHEDS);
	exempt = policy_exempt_of_path(
		compiled, HF_EXEMPT_STATE, less, HR, "/home/anna/.config/less/recent");
	cr_assert_not_null(exempt, "~ is each home");
	cr_assert_not_null(policy_exempt_of_path(
		compiled, HF_EXEMPT_STATE, less, HR, "/root/.config/less/recent"));
	cr_assert_null(policy_exempt_of_path(
		compiled, HF_EXEMPT_STATE, vim, HR, "/home/anna/.config/less/recent"));
	cr_assert_null(
		policy_exempt_of_path(compiled, HF_EXEMPT_STATE, less, HR, "/home/anna/.config"));
	exempt = policy_exempt_of_path(
		compiled, HF_EXEMPT_DECLASSIFY, vim, FINANCE, "/srv/open/q3/figures");
	cr_assert_not_null(exempt);
	cr_assert_eq(exempt->labels, FINANCE | HR);
	cr_assert_str_eq(compiled->declassifys[exempt->rule].name, "open");
	cr_assert_str_eq(compiled->declassifys[exempt->rule].text, "It was published.");
	cr_assert_null(policy_exempt_of_path(
		compiled, HF_EXEMPT_DECLASSIFY, less, FINANCE, "/srv/open/q3"));
	policy_compiled_free(compiled);
}

/* Each answer against the definition: what any network that holds the address allows. */
Test(policy_compile, destinations_nested)
{
	struct policy_compiled *compiled = fixture_compile(TWO
		"[network a]\naddress = 10.0.0.0/8\n"
		"[network b]\naddress = 10.0.0.0/9, 2001:db8::/32\nport = 25\n"
		"[network c]\naddress = 10.0.1.0/24, 2001:db8:0:1::/64\n"
		"[network d]\naddress = ::/0, 0.0.0.0/0\nport = 22\n" NETWORK_RULE "a, b\n"
		"[rule m]\nlabel = hr\nchannel = network\naction = block\nexcept-network = c, d\n");

	cr_assert_eq(allow_at(compiled, "10.0.1.7", 80), FINANCE | HR);
	cr_assert_eq(allow_at(compiled, "10.0.2.7", 80), FINANCE);
	cr_assert_eq(allow_at(compiled, "10.0.2.7", 22), FINANCE | HR);
	cr_assert_eq(allow_at(compiled, "10.200.0.1", 25), FINANCE);
	cr_assert_eq(allow_at(compiled, "192.0.2.1", 22), HR);
	cr_assert_eq(allow_at(compiled, "192.0.2.1", 25), 0);
	cr_assert_eq(allow_at(compiled, "2001:db8::1", 25), FINANCE);
	cr_assert_eq(allow_at(compiled, "2001:db8::1", 22), HR);
	cr_assert_eq(allow_at(compiled, "2001:db8:0:1::1", 25), FINANCE | HR);
	cr_assert_eq(allow_at(compiled, "2002::1", 22), HR, "past the IPv4 addresses");
	policy_compiled_free(compiled);
}

/* ::/0 as a prefix of 128 bits holds every IPv4 address: it must not be a way out for them. */
Test(policy_compile, ipv6_networks_hold_no_ipv4)
{
	struct policy_compiled *compiled = fixture_compile(
		TWO "[network six]\naddress = ::/0\n" NETWORK_RULE "six\n");

	cr_assert_eq(allow_at(compiled, "2001:db8::1", 25), FINANCE);
	cr_assert_eq(allow_at(compiled, "192.0.2.1", 25), 0);
	policy_compiled_free(compiled);
	compiled = fixture_compile(
		TWO "[network all]\naddress = ::/0, 0.0.0.0/0\n" NETWORK_RULE "all\n");
	cr_assert_eq(allow_at(compiled, "192.0.2.1", 25), FINANCE);
	policy_compiled_free(compiled);
}

Test(policy_compile, too_many_ports_on_one_prefix)
{
	(void)compile_bad(GOOD
		"[network a]\naddress = 10.0.0.0/8\nport = 1, 3, 5, 7, 9\n"
		"[network b]\naddress = 10.1.0.0/16\nport = 11, 13, 15, 17\n" NETWORK_RULE "a, b\n",
		NULL, "more than 8 port ranges for 10.1.0.0/16", 15);
}

Test(policy_compile, devices)
{
	struct policy_compiled *compiled = fixture_compile(
		TWO "[device one]\nvendor = 0951\nproduct = 1666\nserial = A1\n"
		    "[device kind]\nvendor = 0951\nproduct = 1666\n"
		    "[rule a]\nlabel = finance\nchannel = removable\naction = block\nexcept-device "
		    "= one\n"
		    "[rule b]\nlabel = hr\nchannel = removable, raw-disk\naction = block\n"
		    "except-device = kind\n");

	cr_assert_eq(policy_device_allow(compiled, HF_CHANNEL_REMOVABLE, "0951", "1666", "A1"),
		FINANCE | HR);
	cr_assert_eq(policy_device_allow(compiled, HF_CHANNEL_REMOVABLE, "0951", "1666", "B2"), HR);
	cr_assert_eq(policy_device_allow(compiled, HF_CHANNEL_REMOVABLE, "0951", "1666", NULL), HR);
	cr_assert_eq(policy_device_allow(compiled, HF_CHANNEL_RAWDISK, "0951", "1666", "A1"), HR);
	cr_assert_eq(policy_device_allow(compiled, HF_CHANNEL_REMOVABLE, "0951", "1667", "A1"), 0);
	policy_compiled_free(compiled);
}

Test(policy_compile, names_and_places)
{
	struct policy_compiled *compiled = fixture_compile(
		TWO "[rule a]\nlabel = finance\nchannel = removable\naction = warn\ntext = No.\n");
	const struct policy_origin *origin = &compiled->label[0].origins[HF_CHANNEL_REMOVABLE];

	cr_assert_str_eq(origin->rule, "a");
	cr_assert_eq(origin->place.line, 18);
	cr_assert_str_eq(origin->text, "No.");
	cr_assert(compiled->label[0].origins[HF_CHANNEL_NETWORK].is_default);
	cr_assert_eq(policy_app_of_path(compiled, "/usr/bin/less"), 2);
	cr_assert_eq(policy_app_of_path(compiled, "/usr/bin/more"), HF_APP_UNKNOWN);
	cr_assert_eq(policy_app_of_name(compiled, "less"), 2);
	cr_assert_eq(policy_labels_of_path(compiled, "/srv/hr/x/y"), HR);
	cr_assert_eq(policy_label_of_name(compiled, "hr"), 1);
	cr_assert_eq(policy_label_of_name(compiled, "it"), -ENOENT);
	policy_compiled_free(compiled);
}

static int disk_read(const char *path, char **ret_text, size_t *ret_size, void *userdata)
{
	FILE *file = fopen(path, "re");
	size_t room = 1 << 16;

	(void)userdata; /* the working directory is the repository's */
	if (!file)
		return -errno;
	*ret_text = malloc(room);
	cr_assert(*ret_text);
	*ret_size = fread(*ret_text, 1, room, file);
	cr_assert_lt(*ret_size, room);
	(void)fclose(file); /* only read from */
	return 0;
}

static int disk_expand(const char *pattern, char ***ret_paths, size_t *ret_count, void *userdata)
{
	glob_t found;

	(void)userdata; /* as above */
	cr_assert_eq(glob(pattern, 0, NULL, &found), 0);
	*ret_paths = calloc(found.gl_pathc, sizeof(**ret_paths));
	*ret_count = found.gl_pathc;
	for (size_t i = 0; i < found.gl_pathc; i++)
		(*ret_paths)[i] = strdup(found.gl_pathv[i]);
	globfree(&found);
	return 0;
}

static int any_user(
	const char *name, bool is_group, uint32_t **ret_uids, size_t *ret_count, void *userdata)
{
	(void)name; /* everyone is known */
	(void)is_group;
	(void)userdata;
	*ret_uids = calloc(1, sizeof(**ret_uids));
	*ret_count = 1;
	return 0;
}

static void check_shipped(const char *path)
{
	const struct policy_source source = {disk_read, disk_expand, NULL};
	const struct policy_compiler compiler = {.resolve_user = any_user};
	struct policy_problems problems = {0};
	struct policy_compiled *compiled = NULL;
	struct policy *policy = NULL;
	int r;

	r = policy_parse(&source, path, &problems, &policy);
	fixture_no_problems(&problems);
	cr_assert_eq(r, 0, "%s", path);
	cr_assert_eq(policy_compile(policy, &compiler, &problems, &compiled), 0, "%s", path);
	cr_assert(compiled->program_count);
	policy_free(policy);
	policy_compiled_free(compiled);
}

Test(policy_compile, examples)
{
	check_shipped("policy/examples/minimal.ini");
	check_shipped("policy/examples/office.ini"); /* includes every profile */
	check_shipped("policy/examples/view-only.ini");
}

#define SCREEN_RULE "[rule shown]\nlabel = finance\nchannel = screen\naction = %s\n"

static struct policy_compiled *compile_screen(const char *action, const char *section)
{
	char text[4096];

	(void)snprintf(text, sizeof(text), GOOD SCREEN_RULE "%s", action, section);
	return fixture_compile(text);
}

Test(policy_compile, screen)
{
	struct policy_compiled *compiled = compile_screen("follow", "");

	cr_assert_eq(masks_of(compiled, HF_CHANNEL_SCREEN)->block & FINANCE, 0);
	cr_assert_eq(masks_of(compiled, HF_CHANNEL_SCREEN)->follow & FINANCE, FINANCE);
	cr_assert_eq(compiled->bank.screen, 0, "nothing but what rules say is recorded");
	cr_assert_eq(compiled->gates.state.capture_until_ns, UINT64_MAX);
	policy_compiled_free(compiled);
	compiled = compile_screen("audit", "[screen]\n");
	cr_assert_eq(masks_of(compiled, HF_CHANNEL_SCREEN)->audit & FINANCE, FINANCE);
	cr_assert_eq(masks_of(compiled, HF_CHANNEL_SCREEN)->follow & FINANCE, 0, "recorded only");
	cr_assert_eq(compiled->bank.screen, HF_SCREEN_RECORD_ALL);
	policy_compiled_free(compiled);
	compiled = compile_screen("block", "[screen]\nwhen = always\nrecord = exposed\n"
					   "capture-apps = vim\nhours = 08:00-18:30\n");
	cr_assert_eq(compiled->bank.screen, HF_SCREEN_RECORD_EXPOSED | HF_SCREEN_ALWAYS);
	cr_assert(compiled->bank.apps[1].flags & HF_APP_CAPTURES);
	cr_assert_not(compiled->bank.apps[HF_APP_UNKNOWN].flags & HF_APP_CAPTURES);
	cr_assert_eq(compiled->capture_from_min, 8 * 60);
	cr_assert_eq(compiled->capture_until_min, 18 * 60 + 30);
	cr_assert_eq(compiled->gates.state.capture_until_ns, 0, "the agent says when");
	policy_compiled_free(compiled);
}

Test(policy_compile, watermark)
{
	struct policy_compiled *compiled = fixture_compile(GOOD);

	cr_assert_null(compiled->watermark.text, "control: none is asked for");
	policy_compiled_free(compiled);
	compiled = fixture_compile(GOOD "[watermark]\ntext = {name}\n    on {device}\n");
	cr_assert_str_eq(compiled->watermark.text, "{name} on {device}");
	cr_assert_not(compiled->watermark.is_blind);
	cr_assert_eq(compiled->watermark.angle, WATERMARK_ANGLE_DEFAULT);
	cr_assert_eq(compiled->watermark.opacity, WATERMARK_OPACITY_DEFAULT);
	cr_assert_eq(compiled->watermark.density, WATERMARK_NORMAL);
	policy_compiled_free(compiled);
	compiled = fixture_compile(GOOD
		"[watermark]\ntext = a\nangle = 0\nopacity = 50\ndensity = dense\nblind = yes\n");
	cr_assert(compiled->watermark.is_blind);
	cr_assert_eq(compiled->watermark.angle, 0);
	cr_assert_eq(compiled->watermark.opacity, 50);
	cr_assert_eq(compiled->watermark.density, WATERMARK_DENSE);
	policy_compiled_free(compiled);
}
