/* SPDX-License-Identifier: Apache-2.0 */
#include "console/frontend/tls_peer.h"

#include <criterion/criterion.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <string.h>
#include <time.h>

#define DEVICE "01234567-89ab-4cde-8f01-23456789abcd"

static EVP_PKEY *key;
static X509 *certificate;
static SSL_CTX *server_tls, *client_tls;
static SSL *server, *client;
static SSL_SESSION *ticket;

static int keep_ticket(SSL *ssl, SSL_SESSION *session)
{
	(void)ssl;
	SSL_SESSION_free(ticket);
	ticket = session;
	return 1; /* it is ours */
}

static void make_certificate(void)
{
	X509_NAME *name;

	key = EVP_EC_gen("P-256");
	certificate = X509_new();
	cr_assert(key && certificate);
	(void)X509_set_version(certificate, X509_VERSION_3);
	(void)ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
	(void)X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
	(void)X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
	name = X509_get_subject_name(certificate);
	(void)X509_NAME_add_entry_by_txt(
		name, "CN", MBSTRING_ASC, (const unsigned char *)DEVICE, -1, -1, 0);
	(void)X509_set_issuer_name(certificate, name);
	(void)X509_set_pubkey(certificate, key);
	cr_assert(X509_sign(certificate, key, EVP_sha256()) > 0);
}

static SSL_CTX *make_tls(const SSL_METHOD *method)
{
	static const unsigned char context[] = "test";
	SSL_CTX *tls = SSL_CTX_new(method);

	cr_assert(tls);
	cr_assert(SSL_CTX_set_min_proto_version(tls, TLS1_3_VERSION) == 1);
	cr_assert(SSL_CTX_use_certificate(tls, certificate) == 1);
	cr_assert(SSL_CTX_use_PrivateKey(tls, key) == 1);
	cr_assert(X509_STORE_add_cert(SSL_CTX_get_cert_store(tls), certificate) == 1);
	cr_assert(SSL_CTX_set_session_id_context(tls, context, sizeof(context)) == 1);
	SSL_CTX_set_verify(tls, SSL_VERIFY_PEER, NULL);
	return tls;
}

static void setup(void)
{
	make_certificate();
	server_tls = make_tls(TLS_server_method());
	SSL_CTX_set_session_cache_mode(server_tls, SSL_SESS_CACHE_OFF);
	client_tls = make_tls(TLS_client_method());
	/* as agents do: those that signed it come along */
	cr_assert(SSL_CTX_add1_chain_cert(client_tls, certificate) == 1);
	SSL_CTX_set_session_cache_mode(
		client_tls, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(client_tls, keep_ticket);
}

static void hang_up(void)
{
	/* or nobody would resume what did not end in order */
	SSL_set_shutdown(client, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_free(client);
	SSL_free(server);
	client = server = NULL;
}

static void teardown(void)
{
	hang_up();
	SSL_SESSION_free(ticket);
	SSL_CTX_free(client_tls);
	SSL_CTX_free(server_tls);
	X509_free(certificate);
	EVP_PKEY_free(key);
}

/* One way and back. */
static void talk(const char *words)
{
	char got[64] = "";

	cr_assert(SSL_write(client, words, (int)strlen(words)) > 0);
	cr_assert(SSL_read(server, got, sizeof(got) - 1) > 0, "%s", words);
	cr_expect_str_eq(got, words);
	cr_assert(SSL_write(server, got, (int)strlen(got)) > 0);
	cr_assert(SSL_read(client, got, sizeof(got) - 1) > 0);
}

static void shake_hands(void)
{
	BIO *near, *far;

	server = SSL_new(server_tls);
	client = SSL_new(client_tls);
	cr_assert(server && client && BIO_new_bio_pair(&near, 0, &far, 0) == 1);
	SSL_set_bio(server, near, near);
	SSL_set_bio(client, far, far);
	SSL_set_accept_state(server);
	SSL_set_connect_state(client);
	if (ticket)
		cr_assert(SSL_set_session(client, ticket) == 1);
	for (int i = 0; i < 10 && (SSL_in_init(client) || SSL_in_init(server)); i++) {
		(void)SSL_do_handshake(client);
		(void)SSL_do_handshake(server);
	}
	cr_assert(!SSL_in_init(client) && !SSL_in_init(server));
	talk("hello");
}

TestSuite(console_tls_peer, .init = setup, .fini = teardown);

Test(console_tls_peer, who_it_is_is_read)
{
	static const uint8_t start[] = {0x01, 0x23, 0x45, 0x67};
	struct tls_peer peer;

	shake_hands();
	cr_assert_eq(tls_peer_read(server, &peer), 0);
	cr_expect(peer.has_certificate);
	cr_expect(!memcmp(peer.device, start, sizeof(start)));
	cr_expect_gt(peer.expires, time(NULL));
}

Test(console_tls_peer, its_subject_is_kept_for_renewal)
{
	uint8_t *der = NULL;
	const uint8_t *at;
	X509_NAME *name;
	int size = 0;

	shake_hands();
	cr_assert_eq(tls_peer_subject(server, &der, &size), 0);
	at = der;
	name = d2i_X509_NAME(NULL, &at, size);
	cr_assert(name);
	cr_expect_eq(X509_NAME_cmp(name, X509_get_subject_name(certificate)), 0);
	X509_NAME_free(name);
	OPENSSL_free(der);
}

Test(console_tls_peer, what_is_forgotten_is_gone_and_the_connection_goes_on)
{
	uint8_t *der = NULL;
	int size = 1;

	shake_hands();
	cr_assert(SSL_get0_peer_certificate(server));
	cr_expect_gt(sk_X509_num(SSL_get_peer_cert_chain(server)), 0);
	cr_expect_gt(sk_X509_num(SSL_get0_verified_chain(server)), 0);
	cr_assert_eq(tls_peer_forget(server), 0);
	cr_expect_null(SSL_get0_peer_certificate(server));
	cr_expect_leq(sk_X509_num(SSL_get_peer_cert_chain(server)), 0);
	cr_expect_leq(sk_X509_num(SSL_get0_verified_chain(server)), 0);
	cr_expect_eq(tls_peer_subject(server, &der, &size), 0);
	cr_expect(!der && !size);
	cr_expect_eq(SSL_SESSION_get_master_key(SSL_get0_session(server), NULL, 0), 0);
	cr_expect_eq(SSL_get_verify_result(server), X509_V_OK);
	talk("still here");
	cr_assert(SSL_key_update(client, SSL_KEY_UPDATE_REQUESTED) == 1);
	talk("with new keys");
	talk("of both");
	cr_assert_eq(tls_peer_forget(server), 0, "a second time there is nothing to forget");
	talk("and on");
}

Test(console_tls_peer, its_ticket_still_says_who_it_is)
{
	struct tls_peer first, again;

	shake_hands();
	cr_assert_eq(tls_peer_read(server, &first), 0);
	cr_assert_eq(tls_peer_forget(server), 0);
	cr_assert(ticket);
	hang_up();
	shake_hands();
	cr_assert(SSL_session_reused(server));
	cr_assert_eq(tls_peer_read(server, &again), 0);
	cr_expect(again.has_certificate);
	cr_expect(!memcmp(again.certificate, first.certificate, sizeof(first.certificate)));
	cr_assert_eq(tls_peer_forget(server), 0);
	talk("resumed");
}
