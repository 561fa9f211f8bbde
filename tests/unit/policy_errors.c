/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bad policies, one kind each: exactly the problems expected, at the line, saying what was wrong
 * and what would be right.
 */
#include "tests/unit/policy_fixture.h"

#define RULE	   "[rule out]\nlabel = finance\n" /* 12-13, after GOOD */
#define TO_NETWORK RULE "channel = network\naction = block\nexcept-network = n\n"
#define TO_DEVICE  RULE "channel = removable\naction = block\nexcept-device = d\n"

#define DECLASSIFY "[declassify d]\nlabel = finance\napp = vim\npath = /srv/open\n" /* 12-15 */

#define TEXT_MAX 65536
#define ALONE	 0, NULL, NULL /* one problem, in test.ini */

struct bad {
	const char *name;
	const char *text; /* of test.ini */
	unsigned int line;
	const char *message;  /* a piece of it */
	const char *hint;     /* a piece of it; NULL = none is looked for */
	size_t others;	      /* problems beside this one */
	const char *included; /* text of more.ini */
	const char *file;     /* NULL = test.ini */
};

static const struct bad bads[] = {
	/* the file */
	{"no policy section", TENANT LABEL APP, 0, "no [policy]", "[policy]", ALONE},
	{"key before heading", "name = x\n" GOOD, 1, "before the first heading", "[policy]", ALONE},
	{"unknown section", GOOD "[lable hr]\nfoo = bar\n", 12, "unknown section [lable]", "label",
		ALONE},
	{"heading not closed", GOOD "[label hr\ntenant = acme\n", 12, "without ']'", NULL, ALONE},
	{"text behind heading", GOOD "[label hr] tenant = acme\n", 12, "text after ']'",
		"line of its own", ALONE},
	{"no equals sign", GOOD "path\n", 12, "without '='", "comment", ALONE},
	{"nothing before equals sign", GOOD "= /usr/bin/vim\n", 12, "nothing before '='", NULL,
		ALONE},
	{"control character", GOOD "title = a\x01z\n", 12, "control character", NULL, ALONE},
	{"not UTF-8", GOOD "title = Z\xfcrich\n", 12, "UTF-8", "save the file as UTF-8", ALONE},
	{"empty value", GOOD "title =\n", 12, "'title' without a value", NULL, ALONE},
	{"indented single value",
		GOOD "[device d]\nvendor = 0951\nproduct = 1666\n serial = 1\n" RULE
		     "channel=removable\naction=block\nexcept-device=d\n",
		15, "takes one value", "without a space", ALONE},
	{"indented key",
		GOOD
		"[rule out]\nlabel = finance\n action = block\nchannel = network\naction = block\n",
		14, "continues 'label'", "without a space", ALONE},
	/* sections */
	{"second policy section", GOOD "[policy]\n", 12, "second [policy]: the first is in line 1",
		NULL, ALONE},
	{"policy with a name", "[policy main]\nname = x\nversion = 1\n" TENANT LABEL APP, 1,
		"has no name", "[policy]", ALONE},
	{"same label twice", GOOD "[label finance]\ntenant = acme\n", 12, "test.ini:6", NULL,
		ALONE},
	{"no name", GOOD "[label]\ntenant = acme\n", 12, "without a name", NULL, ALONE},
	{"bad name", GOOD "[label Fin_ance]\ntenant = acme\n", 12, "expected a name",
		"letters a to z", ALONE},
	{"long name", GOOD "[label aaaaaaaaaabbbbbbbbbbccccccccccddd]\ntenant = acme\n", 12,
		"at most 32", NULL, ALONE},
	{"app called none", GOOD "[app none]\npath = /usr/bin/none\n", 12, "[app none]", NULL,
		ALONE},
	/* keys */
	{"unknown key", GOOD "pth = /usr/bin/vim\n", 12,
		"unknown key 'pth' in [app]: expected title, path", "path", ALONE},
	{"second single value", GOOD "title = a\ntitle = b\n", 13, "second 'title'", NULL, ALONE},
	{"missing tenant", HEAD "[label hr]\n", 4, "[label] without 'tenant'", "tenant", ALONE},
	{"missing path of app", GOOD "[app less]\n", 12, "[app] without 'path'", "path", ALONE},
	{"missing action", GOOD RULE "channel = network\n", 12, "[rule] without 'action'", "action",
		ALONE},
	{"missing channel", GOOD RULE "action = block\n", 12, "[rule] without 'channel'", "channel",
		ALONE},
	{"missing name of policy", "[policy]\nversion = 1\n" TENANT LABEL APP, 1, "without 'name'",
		"name", ALONE},
	{"missing version", "[policy]\nname = x\n" TENANT LABEL APP, 1, "without 'version'",
		"version", ALONE},
	/* values */
	{"version 0", "[policy]\nname = x\nversion = 0\n" TENANT LABEL APP, 3, "version '0'", NULL,
		ALONE},
	{"version past 2^53", "[policy]\nname = x\nversion = 9007199254740993\n" TENANT LABEL APP,
		3, "9007199254740992", NULL, ALONE},
	{"version no number", "[policy]\nname = x\nversion = 1.2\n" TENANT LABEL APP, 3,
		"version '1.2'", NULL, ALONE},
	{"id no UUID", GOOD "[label hr]\ntenant = acme\nid = 12345\n", 14, "id '12345'",
		"leave id out", ALONE},
	{"same id twice",
		GOOD "[label hr]\ntenant = acme\nid = 3f2b8c1e-52d4-4c7a-9a10-6f0e5d4c3b2a\n"
		     "[label it]\ntenant = acme\nid = 3f2b8c1e-52d4-4c7a-9a10-6f0e5d4c3b2a\n",
		15, "has the id of [label hr]", NULL, ALONE},
	{"path not absolute", GOOD "path = usr/bin/vi\n", 12, "absolute path", NULL, ALONE},
	{"path with tilde", GOOD "[label hr]\ntenant = acme\npath = ~/Finance\n", 14,
		"absolute path", "/home/*", ALONE},
	{"path with dots", GOOD "path = /usr/bin/../sbin/vi\n", 12, "no . or ..", NULL, ALONE},
	{"path with double slash", GOOD "path = /usr//bin/vi\n", 12, "single slashes",
		"/usr/bin/vi", ALONE},
	{"path with closing slash", GOOD "[label hr]\ntenant = acme\npath = /srv/hr/\n", 14,
		"single slashes", "/srv/hr", ALONE},
	{"path with two stars", GOOD "[label hr]\ntenant = acme\npath = /srv/**/hr\n", 14, "* once",
		"everything below", ALONE},
	{"path with brackets", GOOD "[label hr]\ntenant = acme\npath = /srv/[ab]/hr\n", 14,
		"no brackets", "?", ALONE},
	{"label on the system", GOOD "[label hr]\ntenant = acme\npath = /usr\n", 14,
		"label the system", "/srv/finance", ALONE},
	{"label on all of it", GOOD "[label hr]\ntenant = acme\npath = /*\n", 14,
		"label the system", NULL, ALONE},
	{"label on proc", GOOD "[label hr]\ntenant = acme\npath = /proc/1\n", 14,
		"label the system", NULL, ALONE},
	{"path below another",
		GOOD "[label hr]\ntenant = acme\npath = /srv/hr\npath = /srv/hr/pay\n", 15,
		"below '/srv/hr' of line 14", NULL, ALONE},
	{"executable a star", GOOD "path = /usr/bin/*\n", 12, "expected an executable", NULL,
		ALONE},
	{"executable of two apps", GOOD "[app vi]\npath = /usr/bin/v*c\n", 13,
		"[app vim] already (test.ini:11)", NULL, ALONE},
	{"view-only neither", GOOD "[label hr]\ntenant = acme\nview-only = ys\n", 14,
		"expected yes or no", "yes", ALONE},
	{"mode unknown", GOOD "[label hr]\ntenant = acme\nmode = rehearsal\n", 14,
		"expected rehearse or enforce", "rehearse", ALONE},
	{"link not https", GOOD "[label hr]\ntenant = acme\nlink = http://x.example\n", 14,
		"is no link", "https://", ALONE},
	{"domain", HEAD "[tenant acme]\ndomain = acme\n" LABEL APP, 5, "is no domain",
		"example.com", ALONE},
	{"open-with none and others", GOOD "[label hr]\ntenant = acme\nopen-with = none, vim\n", 14,
		"'none' beside", NULL, ALONE},
	{"two commas", GOOD "[label hr]\ntenant = acme\nopen-with = vim,,vim\n", 14,
		"between two commas", NULL, 1, NULL, NULL},
	{"name twice", GOOD "[label hr]\ntenant = acme\nopen-with = vim, vim\n", 14, "'vim' twice",
		NULL, ALONE},
	{"no comma", GOOD "[label hr]\ntenant = acme\nopen-with = vim less\n", 14, "expected names",
		"comma", ALONE},
	{"vendor no hex", GOOD "[device d]\nvendor = 0x951\nproduct = 1666\n" TO_DEVICE, 13,
		"four hexadecimal", "0x", ALONE},
	/* networks */
	{"address a name", GOOD "[network n]\naddress = mail.example\n" TO_NETWORK, 13, "no name",
		NULL, ALONE},
	{"host bits", GOOD "[network n]\naddress = 10.1.2.3/8\n" TO_NETWORK, 13,
		"bits past its prefix", "10.0.0.0/8", ALONE},
	{"prefix too long", GOOD "[network n]\naddress = 10.0.0.0/33\n" TO_NETWORK, 13, "/0 to /32",
		NULL, ALONE},
	{"IPv4 as IPv6", GOOD "[network n]\naddress = ::ffff:10.0.0.0/104\n" TO_NETWORK, 13,
		"IPv4 written as IPv6", "10.0.0.0/8", ALONE},
	{"overlapping addresses",
		GOOD "[network n]\naddress = 10.0.0.0/8\naddress = 10.1.0.0/16\n" TO_NETWORK, 14,
		"overlaps the one in line 13", NULL, ALONE},
	{"port range reversed",
		GOOD "[network n]\naddress = 10.0.0.0/8\nport = 8100-8000\n" TO_NETWORK, 14,
		"wrong way round", "8000-8100", ALONE},
	{"port 0", GOOD "[network n]\naddress = 10.0.0.0/8\nport = 0\n" TO_NETWORK, 14, "port '0'",
		NULL, ALONE},
	{"ports overlap", GOOD "[network n]\naddress = 10.0.0.0/8\nport = 80, 1-100\n" TO_NETWORK,
		14, "overlaps 80-80", NULL, ALONE},
	{"nine ports",
		GOOD "[network n]\naddress = 10.0.0.0/8\nport = 1, 3, 5, 7, 9, 11, 13, 15, "
		     "17\n" TO_NETWORK,
		14, "at most 8", NULL, ALONE},
	/* references */
	{"unknown tenant", GOOD "[label hr]\ntenant = acne\n", 13, "unknown tenant 'acne'", "acme",
		ALONE},
	{"unknown app", GOOD "[label hr]\ntenant = acme\nopen-with = vmi\n", 14,
		"unknown app 'vmi'", "vim", ALONE},
	{"unknown label", GOOD "[rule out]\nlabel = finanze\nchannel = network\naction = block\n",
		13, "unknown label 'finanze'", "finance", ALONE},
	{"unknown network",
		GOOD "[network office]\naddress = 10.0.0.0/8\n" RULE
		     "channel = network\naction = block\nexcept-network = ofice\n",
		18, "unknown network", "office", ALONE},
	{"unknown device", GOOD TO_DEVICE, 16, "unknown device", NULL, ALONE},
	{"network never used", GOOD "[network office]\naddress = 10.0.0.0/8\n", 12, "never used",
		NULL, ALONE},
	{"device never used", GOOD "[device d]\nvendor = 0951\nproduct = 1666\n", 12, "never used",
		NULL, ALONE},
	{"tenant never used", GOOD "[tenant other]\n", 12, "never used", NULL, ALONE},
	{"device twice",
		GOOD "[device d]\nvendor = 0951\nproduct = 1666\n[device e]\nvendor = "
		     "0951\nproduct = 1666\n" RULE
		     "channel = removable\naction = block\nexcept-device = d, e\n",
		15, "same device as [device d]", "d", ALONE},
	/* rules */
	{"unknown channel", GOOD RULE "channel = removeable\naction = block\n", 14,
		"unknown channel 'removeable'", "removable", ALONE},
	{"channel twice", GOOD RULE "channel = network, network\naction = block\n", 14,
		"channel 'network' twice", NULL, ALONE},
	{"unknown action", GOOD RULE "channel = network\naction = deny\n", 15,
		"unknown action 'deny'", "block", ALONE},
	{"action misspelt", GOOD RULE "channel = network\naction = blcok\n", 15, "unknown action",
		"block", ALONE},
	{"star beside names",
		GOOD "[rule out]\nlabel = *, finance\nchannel = network\naction = block\n", 13,
		"'*' alone", NULL, ALONE},
	{"rules contradict",
		GOOD RULE "channel = network\naction = block\n"
			  "[rule two]\nlabel = finance\nchannel = network\naction = warn\n",
		17, "test.ini:12 says block", NULL, ALONE},
	{"rule decided already",
		GOOD RULE "channel = network\naction = block\n"
			  "[rule two]\nlabel = finance\nchannel = network\naction = block\n",
		17, "can never fire", NULL, ALONE},
	{"two rules for all",
		GOOD "[rule one]\nlabel = *\nchannel = network\naction = block\n"
		     "[rule two]\nlabel = *\nchannel = network\naction = warn\n",
		17, "as is [rule one] at test.ini:12", NULL, ALONE},
	{"nothing left for star",
		GOOD RULE "channel = network\naction = block\n"
			  "[rule two]\nlabel = *\nchannel = network\naction = warn\n",
		18, "no label is left", NULL, ALONE},
	{"follow elsewhere", GOOD RULE "channel = network\naction = follow\n", 15,
		"local-file, ipc, clipboard and screen alone", "rule of its own", ALONE},
	{"hours without applications", GOOD "[screen]\nhours = 08:00-18:00\n", 13, "hours without",
		"capture-apps", ALONE},
	{"hours the other way round", GOOD "[screen]\ncapture-apps = vim\nhours = 18:00-08:00\n",
		14, "two times of one day", "08:00-18:00", ALONE},
	{"a mark of nothing", GOOD "[watermark]\nangle = 5\n", 12, "marks nothing", "text", ALONE},
	{"no placeholder", GOOD "[watermark]\ntext = by {nam} at {time}\n", 13,
		"'{nam} at {time}' is no placeholder", "name", ALONE},
	{"a brace", GOOD "[watermark]\ntext = by {name}}\n", 13, "'}' is no placeholder", NULL,
		ALONE},
	{"turned too far", GOOD "[watermark]\ntext = a\nangle = -91\n", 14,
		"degrees from -90 to 90", NULL, ALONE},
	{"nothing to be seen through", GOOD "[watermark]\ntext = a\nopacity = 51\n", 14,
		"percent from 1 to 50", NULL, ALONE},
	{"density", GOOD "[watermark]\ntext = a\ndensity = tense\n", 14, "sparse, normal or dense",
		"dense", ALONE},
	{"when of [screen]", GOOD "[screen]\nwhen = never\n", 13, "expected always or exposed",
		NULL, ALONE},
	{"exceptions to allow", GOOD RULE "channel = network\naction = allow\nexcept-user = anna\n",
		16, "can never apply", NULL, ALONE},
	{"audit and user", GOOD RULE "channel = network\naction = audit\nexcept-user = anna\n", 16,
		"can never apply", NULL, ALONE},
	{"text never shown", GOOD RULE "channel = network\naction = audit\ntext = Hello\n", 12,
		"never shown", NULL, ALONE},
	{"open allow", GOOD RULE "channel = open\naction = allow\n", 15, "contradicts open-with",
		"open-with", ALONE},
	{"open without open-with",
		GOOD "[label hr]\ntenant = acme\n[rule out]\nlabel = hr\nchannel = open\naction = "
		     "warn\n",
		16, "the label has no open-with", "open-with", ALONE},
	{"except-network elsewhere",
		GOOD "[network n]\naddress = 10.0.0.0/8\n" RULE
		     "channel = removable\naction = block\nexcept-network = n\n",
		18, "not for channel network", "network", ALONE},
	{"except-device elsewhere",
		GOOD "[device d]\nvendor = 0951\nproduct = 1666\n" RULE
		     "channel = network\naction = block\nexcept-device = d\n",
		19, "not for channel removable", "removable", ALONE},
	{"except-app cannot open",
		GOOD "[app less]\npath = /usr/bin/less\n" RULE
		     "channel = network\naction = block\nexcept-app = less\n",
		18, "except-app less can never apply", "open-with", ALONE},
	{"except-app opens anyway", GOOD RULE "channel = open\naction = block\nexcept-app = vim\n",
		16, "except-app vim can never apply", NULL, ALONE},
	{"nobody may open",
		GOOD "[label hr]\ntenant = acme\nopen-with = none\n"
		     "[rule out]\nlabel = hr\nchannel = network\naction = warn\n",
		17, "no application may open", NULL, ALONE},
	{"view-only and warn",
		GOOD "[label hr]\ntenant = acme\nview-only = yes\n"
		     "[rule out]\nlabel = hr\nchannel = network\naction = warn\n",
		18, "is view-only (test.ini:12)", "block", ALONE},
	{"view-only and exception",
		GOOD
		"[label hr]\ntenant = acme\nview-only = yes\n"
		"[rule out]\nlabel = hr\nchannel = network\naction = block\nexcept-user = anna\n",
		19, "has no exceptions", NULL, ALONE},
	{"user id too large",
		GOOD RULE "channel = network\naction = block\nexcept-user = 4294967295\n", 16,
		"user id from 0", NULL, ALONE},
	{"user with space", GOOD RULE "channel = network\naction = block\nexcept-user = anna ben\n",
		16, "expected a user name", "comma", ALONE},
	/* includes */
	/* where labels end */
	{"state of everything", GOOD "state = ~/.config\nstate = /home/*\n", 13,
		"holds too much: expected a directory below it", "~/.config/NAME", ALONE},
	{"state of a home", GOOD "state = ~/\n", 12, "expected single slashes", NULL, 1, NULL,
		NULL},
	{"state without a path", GOOD "state = config\n", 12, "expected an absolute path", NULL,
		ALONE},
	{"state of two applications",
		GOOD "state = ~/.config/vim\n[app less]\npath = /usr/bin/less\n"
		     "state = /home/*/.config\n",
		15, "overlaps with that of [app vim] (test.ini:12)", NULL, ALONE},
	{"documents elsewhere", GOOD "state = ~/.vim\ndocuments = ~/.cache/vim\n", 13,
		"below no state", "state", 1, NULL, NULL},
	{"state in a label", GOOD "state = /srv/finance/.vim\n", 12,
		"can never apply: all below it carries label finance", NULL, ALONE},
	{"declassify without a path", GOOD "[declassify d]\nlabel = finance\napp = vim\n", 12,
		"[declassify] without 'path'", "path", ALONE},
	{"declassify an unknown label",
		GOOD "[declassify d]\nlabel = finanse\napp = vim\npath = /srv/open\n", 13,
		"unknown label 'finanse'", "finance", ALONE},
	{"declassify by an unknown application",
		GOOD "[declassify d]\nlabel = finance\napp = vin\npath = /srv/open\n", 14,
		"unknown app 'vin'", "vim", ALONE},
	{"declassify in the label's place",
		GOOD "[declassify d]\nlabel = finance\napp = vim\npath = /srv/finance/out\n", 15,
		"can never apply: all below", NULL, ALONE},
	{"declassify twice",
		GOOD DECLASSIFY "[declassify again]\nlabel = finance\napp = vim\n"
				"path = /srv/open/sub\n",
		19, "[declassify d] at test.ini:12 says already", NULL, ALONE},
	{"declassify what does not inherit",
		GOOD DECLASSIFY RULE "channel = local-file\naction = allow\n", 13,
		"local files do not inherit it", NULL, ALONE},
	{"declassify by who can't have it",
		GOOD "[app less]\npath = /usr/bin/less\n" RULE "channel = ipc\naction = block\n"
		     "[declassify d]\nlabel = finance\napp = less\npath = /srv/open\n",
		20, "can never apply to app less", "open-with", ALONE},
	{"declassify view-only",
		HEAD TENANT "[label finance]\ntenant = acme\nview-only = yes\n" APP
			    "[declassify d]\nlabel = finance\napp = vim\npath = /srv/open\n",
		12, "is view-only (test.ini:6)", NULL, ALONE},
	{"a cache without a path", GOOD "[cache c]\ntitle = Icons\n", 12, "[cache] without 'path'",
		"path", ALONE},
	{"a cache in the label's place", GOOD "[cache c]\npath = /srv/finance/cache\n", 13,
		"[cache c] contradicts label finance", NULL, ALONE},
	{"include matches nothing", HEAD "include = none/*.ini\n", 4, "matches no file", NULL,
		ALONE},
	{"include not there", HEAD "include = none.ini\n", 4, "cannot read 'none.ini'", NULL,
		ALONE},
	{"include of itself by a detour", HEAD "include = ./x/../test.ini\n", 4,
		"goes round in a circle", NULL, ALONE},
	{"include of itself", HEAD "include = test.ini\n", 4, "goes round in a circle", NULL,
		ALONE},
	{"include in a circle", HEAD "include = more.ini\n", 2, "goes round in a circle", NULL, 0,
		"[policy]\ninclude = test.ini\n", "more.ini"},
	{"include twice", HEAD "include = more.ini\ninclude = more.ini\n", 5, "included already",
		NULL, 0, "\n", NULL},
	{"version in an include", HEAD "include = more.ini\n", 2, "only the first file", NULL, 0,
		"[policy]\nversion = 2\n", "more.ini"},
	{"error in an include", HEAD "include = more.ini\n", 3, "unknown key 'patch'", "path", 0,
		"[app vi]\npath = /usr/bin/vi\npatch = x\n", "more.ini"},
};

static bool is_expected(const struct policy_problem *problem, const struct bad *bad)
{
	return problem->line == bad->line && strstr(problem->message, bad->message) &&
	       !strcmp(problem->file, bad->file ? bad->file : "test.ini") &&
	       (!bad->hint || (problem->hint && strstr(problem->hint, bad->hint)));
}

static void expect(const struct bad *bad)
{
	struct fixture_file files[] = {
		{"test.ini", bad->text, 0},
		{bad->included ? "more.ini" : NULL, bad->included, 0},
		{0},
	};
	struct policy_problems problems = {0};
	struct policy *policy = NULL;
	bool found = false;
	int r;

	r = fixture_parse_files(files, &problems, &policy);
	cr_expect_eq(r, -EBADMSG, "%s: returns -EBADMSG", bad->name);
	cr_expect_null(policy, "%s: no policy", bad->name);
	for (size_t i = 0; i < problems.count; i++)
		found |= is_expected(&problems.items[i], bad);
	cr_expect(found, "%s: expected line %u: ...%s...", bad->name, bad->line, bad->message);
	cr_expect_eq(
		problems.count, bad->others + 1, "%s: %zu problems", bad->name, problems.count);
	if (!found || problems.count != bad->others + 1)
		for (size_t i = 0; i < problems.count; i++)
			cr_log_error("%s:%u: %s (%s)", problems.items[i].file,
				problems.items[i].line, problems.items[i].message,
				problems.items[i].hint ? problems.items[i].hint : "");
	policy_problems_done(&problems);
}

Test(policy_errors, each_kind)
{
	cr_assert_geq(sizeof(bads) / sizeof(*bads), 40);
	for (size_t i = 0; i < sizeof(bads) / sizeof(*bads); i++)
		expect(&bads[i]);
}

/* The positive control: what the bad ones are made from is good. */
Test(policy_errors, what_they_start_from_is_good)
{
	struct policy_problems problems = {0};
	struct policy *policy = NULL;

	cr_assert_eq(fixture_parse(GOOD, &problems, &policy), 0);
	policy_free(policy);
	cr_assert_eq(
		fixture_parse(GOOD RULE "channel = network\naction = block\n", &problems, &policy),
		0);
	policy_free(policy);
}

#define RULED	"[rule out]\nlabel = hr\nchannel = open, network\naction = block\n"
#define ACCOUNT "[tenant beta]\naccount = bob\n"

/* A mistake, and what a look at the whole policy could make of it: it is said once, where it is. */
Test(policy_errors, one_for_each_mistake)
{
	static const struct {
		const char *text;
		unsigned int line;
	} rows[] = {
		{GOOD "[label hr]\ntenant = acme\nverify = pin\nverify-grace = 15m\n", 14},
		{GOOD "[label hr]\ntenant = acme\nverfy = totp\nverify-grace = 15m\n", 14},
		{GOOD "[label hr]\ntenant = acme\nverify = pin\n[verify]\nends = lock\n", 14},
		{GOOD "[label hr]\ntenant = acme\nverify = page\n[verify]\npage-issuer = http://x\n"
		      "page-client = x\n",
			16},
		{GOOD "[label hr]\ntenant = acme\nverify = totp\n[verify]\nends = idle\nidle = 5\n",
			17},
		{GOOD "[label hr]\ntenant = acme\nverify = totp\n[verify]\nends = idel\nidle = "
		      "5m\n",
			16},
		{GOOD "[label hr]\ntenant = acme\nzone = z\n[zone z]\naddress = 10.0.0.300\n", 16},
		{GOOD "[label hr]\ntenant = acme\nzone = z\n[zone z]\nadress = 10.0.0.1\n", 16},
		{GOOD "[label hr]\ntenant = acme\nzone = z\n[zone z]\nbeacon = x\n", 16},
		{GOOD "[label hr]\ntenant = acme\nzone = z\n[zoen z]\naddress = 10.0.0.1\n", 15},
		{GOOD "[label hr]\ntenant = acme\nzone = z_1\n[zone z_1]\naddress = 10.0.0.1\n",
			15},
		{GOOD "[label hr]\ntenant = acme\nzoen = z\n[zone z]\naddress = 10.0.0.1\n", 14},
		{GOOD "[zone z]\naddress = 10.0.0.1\n[service s]\nname = X\nzone = z\n", 15},
		{GOOD "[trust]\nlease = 1\n" ACCOUNT
		      "[audience m]\nuri = https://m.example\ntenant = "
		      "beta\n",
			13},
		{GOOD "[trust]\n" ACCOUNT "[audience m]\nuri = https://m.example\ntenant = beta\n",
			12},
		{GOOD "[trust]\nlease = 1h\n[tenant beta]\naccount = a:b\n[audience m]\n"
		      "uri = https://m.example\ntenant = beta\n[login]\ndevice-of = beta\n",
			15},
		{GOOD "[tenant beta]\naccount = a:b\n[login]\ncontact = the helpdesk\n", 13},
		{GOOD "[network n]\naddress = 10.0.0.0/8\n" RULE
		      "channel = netwrk\naction = block\nexcept-network = n\n",
			16},
		{GOOD "[label hr]\ntenant = acme\nopenwith = vim\n" RULED, 14},
		{GOOD "[label hr]\ntenant = acme\nopen-with = nano\n" RULED, 14},
		{GOOD "state = .vim\ndocuments = /home/*/.vim/docs\n", 12},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct policy_problems problems = {0};
		struct policy *policy = NULL;

		cr_expect_eq(fixture_parse(rows[i].text, &problems, &policy), -EBADMSG, "%zu", i);
		cr_expect_eq(problems.count, 1, "row %zu", i);
		for (size_t j = 0; j < problems.count; j++)
			cr_expect_eq(problems.items[j].line, rows[i].line, "row %zu, line %u: %s",
				i, problems.items[j].line, problems.items[j].message);
		policy_problems_done(&problems);
	}
}

/* What was wrong in one section hides nothing of another. */
Test(policy_errors, two_for_two_mistakes)
{
	static const char *const texts[] = {
		GOOD "[label hr]\ntenant = acme\nverify = pin\n[label it]\ntenant = acme\n"
		     "verify-grace = 15m\n",
		GOOD "[label hr]\ntenant = acme\nzone = y, z\n[zone y]\naddress = x\n[zone z]\n",
		GOOD "[label hr]\ntenant = acme\nzone = y\ntext = a\x01\n[service s]\nname = "
		     "a.example\nzone = z\n[zone y]\naddress = 10.0.0.1\n",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct policy_problems problems = {0};
		struct policy *policy = NULL;

		cr_expect_eq(fixture_parse(texts[i], &problems, &policy), -EBADMSG, "%zu", i);
		cr_expect_eq(problems.count, 2, "row %zu: %zu", i, problems.count);
		policy_problems_done(&problems);
	}
}

Test(policy_errors, nul_byte)
{
	static const char text[] = HEAD "[tenant a\0cme]\n";
	struct fixture_file files[] = {{"test.ini", text, sizeof(text) - 1}, {0}};
	struct policy_problems problems = {0};
	struct policy *policy = NULL;

	cr_assert_eq(fixture_parse_files(files, &problems, &policy), -EBADMSG);
	cr_assert_eq(problems.count, 1);
	cr_assert_eq(problems.items[0].line, 4);
	cr_assert(strstr(problems.items[0].message, "NUL byte"));
	policy_problems_done(&problems);
}

/* inih cuts at its buffer: a line that does not fit is an error, and so is not what follows. */
Test(policy_errors, overlong_line)
{
	char text[1024];
	struct policy_problems problems = {0};
	struct policy *policy = NULL;

	(void)snprintf(
		text, sizeof(text), "%stitle = %0190d\n[app b]\npath = /usr/bin/b\n", GOOD, 0);
	cr_assert_eq(fixture_parse(text, &problems, &policy), -EBADMSG);
	cr_assert_eq(problems.count, 1);
	cr_assert_eq(problems.items[0].line, 12);
	cr_assert(strstr(problems.items[0].message, "line of 198 bytes: expected at most 197"));
	cr_assert(strstr(problems.items[0].hint, "next line"));
	policy_problems_done(&problems);
}

Test(policy_errors, all_at_once_in_order)
{
	struct fixture_file files[] = {
		{"test.ini", HEAD "include = more.ini\n[tenant acme]\ntitel = x\n" LABEL, 0},
		{"more.ini", "[app vim]\npath = vim\npth = x\n", 0},
		{0},
	};
	struct policy_problems problems = {0};
	struct policy *policy = NULL;

	cr_assert_eq(fixture_parse_files(files, &problems, &policy), -EBADMSG);
	cr_assert_eq(problems.count, 3);
	cr_assert_str_eq(problems.items[0].file, "test.ini");
	cr_assert_eq(problems.items[0].line, 6);
	cr_assert_str_eq(problems.items[1].file, "more.ini");
	cr_assert_eq(problems.items[1].line, 2);
	cr_assert_eq(problems.items[2].line, 3);
	policy_problems_done(&problems);
}

/* Sections of one kind with a key that takes a path, up to size. */
static size_t repeat(char *text, size_t used, const char *kind, const char *keys, int count)
{
	for (int i = 0; i < count; i++)
		used += (size_t)snprintf(text + used, TEXT_MAX - used, "[%s%d]\n%s = /srv/%s%d\n",
			kind, i, keys, kind + 4, i);
	return used;
}

static void expect_last(const char *text, const char *message)
{
	struct policy_problems problems = {0};
	struct policy *policy = NULL;

	cr_assert_eq(fixture_parse(text, &problems, &policy), -EBADMSG);
	cr_assert_eq(problems.count, 1);
	cr_assert(strstr(problems.items[0].message, message), "%s", problems.items[0].message);
	policy_problems_done(&problems);
}

Test(policy_errors, more_than_64_labels)
{
	static char text[TEXT_MAX];
	struct policy_problems problems = {0};
	struct policy *policy = NULL;
	size_t used = (size_t)snprintf(text, sizeof(text), "%s", HEAD TENANT);

	used = repeat(text, used, "label l", "tenant = acme\npath", 64);
	cr_assert_eq(fixture_parse(text, &problems, &policy), 0);
	policy_free(policy);
	(void)repeat(text, used, "label m", "tenant = acme\npath", 1);
	expect_last(text, "too many [label]: expected at most 64");
}

Test(policy_errors, more_than_511_apps)
{
	static char text[TEXT_MAX];
	size_t used = (size_t)snprintf(text, sizeof(text), "%s", GOOD);

	(void)repeat(text, used, "app a", "path", 511);
	expect_last(text, "too many [app]: expected at most 511");
}

Test(policy_errors, bounded)
{
	static char text[TEXT_MAX];
	struct policy_problems problems = {0};
	struct policy *policy = NULL;

	(void)repeat(text, 0, "nonsense", "key", 150);
	cr_assert_eq(fixture_parse(text, &problems, &policy), -EBADMSG);
	cr_assert_eq(problems.count, POLICY_PROBLEM_MAX);
	cr_assert_eq(problems.left_out, 51);
	policy_problems_done(&problems);
}

Test(policy_errors, include_too_deep)
{
	struct fixture_file files[] = {
		{"test.ini", HEAD "include = 1.ini\n", 0},
		{"1.ini", "[policy]\ninclude = 2.ini\n", 0},
		{"2.ini", "[policy]\ninclude = 3.ini\n", 0},
		{"3.ini", "[policy]\ninclude = 4.ini\n", 0},
		{"4.ini", "[policy]\ninclude = 5.ini\n", 0},
		{"5.ini", "", 0},
		{0},
	};
	struct policy_problems problems = {0};
	struct policy *policy = NULL;

	cr_assert_eq(fixture_parse_files(files, &problems, &policy), -EBADMSG);
	cr_assert_eq(problems.count, 1);
	cr_assert_str_eq(problems.items[0].file, "4.ini");
	cr_assert(strstr(problems.items[0].message, "too deep"));
	policy_problems_done(&problems);
}
