/* SPDX-License-Identifier: Apache-2.0 */
/* Good policies: every key arrives where it belongs, with its line. */
#include "tests/unit/policy_fixture.h"

#include "policy/address.h"
#include "policy/lines.h"
#include "policy/pattern.h"
#include "common/uuid.h"
#include "policy/words.h"

Test(policy_parse, head_and_places)
{
	struct policy *policy = fixture_policy(GOOD);

	cr_assert_str_eq(policy->name, "test");
	cr_assert_eq(policy->version, 1);
	cr_assert_eq(policy->place.line, 1);
	cr_assert_eq(policy->label_count, 1);
	cr_assert_eq(policy->labels[0].place.line, 6);
	cr_assert_eq(policy->labels[0].paths.items[0].place.line, 8);
	cr_assert_str_eq(policy->labels[0].paths.items[0].place.file, "test.ini");
	cr_assert_eq(policy->labels[0].open, POLICY_OPEN_LISTED);
	cr_assert_eq(policy->labels[0].open_with.items[0].index, 0);
	cr_assert_eq(policy->apps[0].place.line, 10);
	policy_free(policy);
}

Test(policy_parse, label_keys)
{
	struct policy *policy = fixture_policy(HEAD TENANT APP
		"[label hr]\ntenant = acme\nid = 3F2B8C1E-52d4-4c7a-9a10-6f0e5d4c3b2a\n"
		"title = Personnel\nview-only = yes\nmode = rehearse\nopen-with = none\n"
		"text = Ask the people team\n  before you copy ; a comment\n\n  anything.\n"
		"link = https://intranet.example/hr?a=b\n");
	const struct policy_label *label = &policy->labels[0];

	cr_assert_eq(label->uuid[0], 0x3f);
	cr_assert_str_eq(label->title, "Personnel");
	cr_assert(label->is_view_only);
	cr_assert(label->is_rehearsed);
	cr_assert_eq(label->open, POLICY_OPEN_NONE);
	cr_assert_str_eq(label->text, "Ask the people team before you copy anything.");
	cr_assert_str_eq(label->link, "https://intranet.example/hr?a=b");
	policy_free(policy);
}

Test(policy_parse, lists_over_lines)
{
	struct policy *policy = fixture_policy(HEAD TENANT
		"[label a]\ntenant = acme\nopen-with = one,\n  two, three\nopen-with = four\n"
		"path = /srv/a\n\t/srv/b\n"
		"[app one]\npath=/usr/bin/one\n[app two]\npath: /usr/bin/two\n"
		"[app three]\npath = /opt/*/three-?\n[app four]\npath = /usr/bin/four\n");
	const struct policy_label *label = &policy->labels[0];

	cr_assert_eq(label->open_with.count, 4);
	cr_assert_str_eq(label->open_with.items[2].text, "three");
	cr_assert_eq(label->open_with.items[2].place.line, 9);
	cr_assert_eq(label->open_with.items[3].index, 3);
	cr_assert_eq(label->paths.count, 2);
	cr_assert_eq(label->paths.items[1].place.line, 12);
	policy_free(policy);
}

Test(policy_parse, networks_and_devices)
{
	struct policy *policy = fixture_policy(
		GOOD "[network office]\naddress = 10.0.0.0/8, 192.0.2.7\naddress = 2001:db8::/32\n"
		     "port = 443, 8000-8100\n"
		     "[device stick]\nvendor = 0951\nproduct = 16AE\nserial = 0019E06B\n"
		     "[rule out]\nlabel = finance\nchannel = network, removable\naction = block\n"
		     "except-network = office\nexcept-device = stick\n");
	const struct policy_network *network = &policy->networks[0];

	cr_assert_eq(network->prefix_count, 3);
	cr_assert_eq(network->prefixes[0].prefix_bits, 104);
	cr_assert_eq(network->prefixes[1].prefix_bits, 128);
	cr_assert_eq(network->prefixes[2].prefix_bits, 32);
	cr_assert_eq(network->ports[1].first, 8000);
	cr_assert_eq(network->ports[1].last, 8100);
	cr_assert_str_eq(policy->devices[0].product, "16ae");
	cr_assert_str_eq(policy->devices[0].serial, "0019E06B");
	cr_assert_eq(
		policy->rules[0].channels, 1U << HF_CHANNEL_NETWORK | 1U << HF_CHANNEL_REMOVABLE);
	policy_free(policy);
}

Test(policy_parse, includes)
{
	struct fixture_file files[] = {
		{"etc/main.ini", HEAD "include = apps/*.ini\ninclude = ../etc/./labels.ini\n", 0},
		{"etc/apps/vim.ini", APP, 0},
		{"etc/apps/less.ini", "[app less]\npath = /usr/bin/less\n", 0},
		{"etc/labels.ini", "[policy]\ninclude = tenant.ini\n" LABEL, 0},
		{"etc/tenant.ini", TENANT, 0},
		{0},
	};
	struct policy_problems problems = {0};
	struct policy *policy = NULL;
	int r;

	r = fixture_parse_files(files, &problems, &policy);
	fixture_no_problems(&problems);
	cr_assert_eq(r, 0);
	cr_assert_eq(policy->file_count, 5);
	cr_assert_eq(policy->app_count, 2);
	cr_assert_str_eq(policy->labels[0].place.file, "etc/labels.ini");
	cr_assert_eq(policy->labels[0].place.line, 3);
	policy_free(policy);
}

Test(policy_parse, windows_text)
{
	struct policy *policy = fixture_policy(
		"\xef\xbb\xbf[policy]\r\nname = Zo\xc3\xab\r\nversion = 7\r\n");

	cr_assert_str_eq(policy->name, "Zo\xc3\xab");
	cr_assert_eq(policy->version, 7);
	policy_free(policy);
}

Test(policy_parse, longest_line_and_name)
{
	char text[1024];
	struct policy *policy;

	/* 197 bytes reach the value whole; 198 are an error: policy_errors.c */
	(void)snprintf(text, sizeof(text),
		GOOD "[rule %032d]\nlabel = finance\nchannel = network\n"
		     "action = block\ntext = %0190d\n",
		1, 2);
	policy = fixture_policy(text);
	cr_assert_eq(strlen(policy->rules[0].text), 190);
	policy_free(policy);
}

/* RFC 9562, version 5: the same on every device, another for another name. */
Test(policy_parse, label_ids_are_made)
{
	struct policy *policy = fixture_policy(GOOD "[label hr]\ntenant = acme\n");
	char first[UUID_TEXT_SIZE], second[UUID_TEXT_SIZE];

	uuid_format(policy->labels[0].uuid, first);
	uuid_format(policy->labels[1].uuid, second);
	cr_assert_str_neq(first, second);
	cr_assert_eq(first[14], '5');
	cr_assert(strchr("89ab", first[19]));
	/* python3 -c 'import uuid; print(uuid.uuid5(uuid.UUID("6c1f0e52-93d7-4b0a-9e35-71c804fd2ba6"),
	 * "acme/finance"))' */
	cr_assert_str_eq(first, "502e985f-5828-5a3c-80ad-a4128e75cdea");
	policy_free(policy);
}

Test(policy_parse, patterns)
{
	cr_assert(policy_pattern_covers("/home/*/Finance", "/home/anna/Finance"));
	cr_assert(policy_pattern_covers("/home/*/Finance", "/home/anna/Finance/2026/q3.ods"));
	cr_assert(!policy_pattern_covers("/home/*/Finance", "/home/anna/Finances/q3.ods"));
	cr_assert(!policy_pattern_covers("/home/*/Finance", "/home/anna/b/Finance/q3.ods"));
	cr_assert(!policy_pattern_covers("/home/*/Finance", "/home//Finance"));
	cr_assert(!policy_pattern_covers("/srv/finance", "/srv/financ"));
	cr_assert(policy_pattern_matches("/opt/wps*/w?s", "/opt/wps-office/wps"));
	cr_assert(!policy_pattern_matches("/opt/wps*/w?s", "/opt/wps-office/wps/x"));
	cr_assert(policy_pattern_matches("/a/*b*c*d", "/a/xxbxxcxxcd"));
	cr_assert(!policy_pattern_matches("/a/*b*c*d", "/a/xxbxxcxxcde"));
	cr_assert(policy_pattern_matches("/a/*", "/a/.hidden"));
}

Test(policy_parse, words)
{
	const char *words[] = {"removable", "network", "netshare", NULL};

	cr_assert_str_eq(policy_word_nearest("removeable", words, 4), "removable");
	cr_assert_str_eq(policy_word_nearest("netwrok", words, 4), "network");
	cr_assert_null(policy_word_nearest("printer", words, 4));
	cr_assert_null(policy_word_nearest("", words, 4));
	cr_assert_eq(policy_word_distance("ab", "ba"), 1);
	cr_assert_eq(policy_word_distance("", "abc"), 3);
}

Test(policy_parse, utf8)
{
	cr_assert(policy_text_is_utf8("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x94\x92", 10));
	cr_assert(!policy_text_is_utf8("\xc0\xaf", 2), "overlong");
	cr_assert(!policy_text_is_utf8("\xed\xa0\x80", 3), "surrogate");
	cr_assert(!policy_text_is_utf8("\xf4\x90\x80\x80", 4), "past U+10FFFF");
	cr_assert(!policy_text_is_utf8("\xe2\x82", 2), "cut");
}

Test(policy_parse, destinations)
{
	uint8_t address[16];
	uint16_t port;

	cr_assert_eq(policy_destination_parse("10.1.2.3:25", address, &port), 0);
	cr_assert_eq(address[10], 0xff);
	cr_assert_eq(address[15], 3);
	cr_assert_eq(port, 25);
	cr_assert_eq(policy_destination_parse("[2001:db8::1]:80", address, &port), 0);
	cr_assert_eq(port, 80);
	cr_assert_eq(policy_destination_parse("2001:db8::1", address, &port), 0);
	cr_assert_eq(port, 443);
	cr_assert_eq(policy_destination_parse("example.com:80", address, &port), -EINVAL);
	cr_assert_eq(policy_destination_parse("10.1.2.3:70000", address, &port), -EINVAL);
	cr_assert_eq(policy_destination_parse("[::1", address, &port), -EINVAL);
}
