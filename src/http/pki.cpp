#include "http/pki.h"

#include <arpa/inet.h>
#include <openssl/asn1.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <memory>

#include "http/tls.h"

namespace slipway::http::pki {
using base::Code;
using base::fail;

namespace {

struct Free {
  void operator()(BIO* p) const { BIO_free(p); }
  void operator()(X509* p) const { X509_free(p); }
  void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
  void operator()(X509_EXTENSION* p) const { X509_EXTENSION_free(p); }
  void operator()(GENERAL_NAMES* p) const { GENERAL_NAMES_free(p); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

constexpr base::Duration kBackdate = base::hours(1);

Owned<EVP_PKEY> make_key() {
  Owned<EVP_PKEY> key(EVP_EC_gen("P-256"));
  SLIPWAY_CHECK(key);
  return key;
}

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return std::string(data, static_cast<std::size_t>(size));
}

Credential to_pem(X509* certificate, EVP_PKEY* key) {
  Owned<BIO> certificate_text(BIO_new(BIO_s_mem())), key_text(BIO_new(BIO_s_mem()));
  SLIPWAY_CHECK(PEM_write_bio_X509(certificate_text.get(), certificate) == 1);
  SLIPWAY_CHECK(PEM_write_bio_PKCS8PrivateKey(key_text.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
  return {text_of(certificate_text.get()), text_of(key_text.get())};
}

Owned<BIO> reader(const std::string& text) {
  return Owned<BIO>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}
Owned<X509> read_certificate(const std::string& pem) {
  auto bio = reader(pem);
  Owned<X509> certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  return certificate;
}
Owned<EVP_PKEY> read_key(const std::string& pem) {
  auto bio = reader(pem);
  Owned<EVP_PKEY> key(PEM_read_bio_PrivateKey(bio.get(), nullptr, nullptr, nullptr));
  ERR_clear_error();
  return key;
}

void add_part(X509_NAME* name, int nid, const std::string& text) {
  SLIPWAY_CHECK(X509_NAME_add_entry_by_NID(name, nid, MBSTRING_UTF8,
                                           reinterpret_cast<const unsigned char*>(text.data()),
                                           static_cast<int>(text.size()), -1, 0) == 1);
}

void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  Owned<X509_EXTENSION> extension(X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str()));
  SLIPWAY_CHECK(extension);
  SLIPWAY_CHECK(X509_add_ext(certificate, extension.get(), -1) == 1);
}

void set_time(ASN1_TIME* field, base::Time time) {
  SLIPWAY_CHECK(ASN1_TIME_set(field, std::chrono::system_clock::to_time_t(
                                         std::chrono::time_point_cast<std::chrono::system_clock::duration>(time))));
}

// Version 3, a random serial number, the validity and the key; the caller adds names and extensions, then signs.
Owned<X509> blank(EVP_PKEY* key, base::Time now, base::Duration valid) {
  Owned<X509> certificate(X509_new());
  SLIPWAY_CHECK(certificate);
  X509_set_version(certificate.get(), X509_VERSION_3);
  unsigned char serial[16];
  SLIPWAY_CHECK(RAND_bytes(serial, sizeof serial) == 1);
  serial[0] = static_cast<unsigned char>((serial[0] & 0x7f) | 0x40);  // positive, always 16 bytes
  BIGNUM* number = BN_bin2bn(serial, sizeof serial, nullptr);
  BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate.get()));
  BN_free(number);
  set_time(X509_getm_notBefore(certificate.get()), now - kBackdate);
  set_time(X509_getm_notAfter(certificate.get()), now + valid);
  X509_set_pubkey(certificate.get(), key);
  return certificate;
}

struct Subject {
  Identity identity;
  std::string usage;         // extendedKeyUsage
  std::string alternatives;  // subjectAltName, may be empty
};

base::Result<Credential> issue(const Credential& ca, const Subject& subject, base::Time now, base::Duration valid) {
  const auto issuer = read_certificate(ca.certificate);
  const auto issuer_key = read_key(ca.key);
  if (!issuer || !issuer_key || X509_check_private_key(issuer.get(), issuer_key.get()) != 1)
    return fail(Code::Invalid, "the CA's certificate and key do not belong together");
  const auto key = make_key();
  const auto certificate = blank(key.get(), now, valid);
  X509* c = certificate.get();
  for (const auto& organization : subject.identity.organizations)
    add_part(X509_get_subject_name(c), NID_organizationName, organization);
  add_part(X509_get_subject_name(c), NID_commonName, subject.identity.common_name);
  X509_set_issuer_name(c, X509_get_subject_name(issuer.get()));
  add_extension(c, issuer.get(), NID_basic_constraints, "critical,CA:FALSE");
  add_extension(c, issuer.get(), NID_key_usage, "critical,digitalSignature");
  add_extension(c, issuer.get(), NID_ext_key_usage, subject.usage);
  add_extension(c, issuer.get(), NID_authority_key_identifier, "keyid");
  if (!subject.alternatives.empty()) add_extension(c, issuer.get(), NID_subject_alt_name, subject.alternatives);
  SLIPWAY_CHECK(X509_sign(c, issuer_key.get(), EVP_sha256()) > 0);
  return to_pem(c, key.get());
}

bool is_address(const std::string& name) {
  unsigned char bytes[16];
  return ::inet_pton(AF_INET, name.c_str(), bytes) == 1 || ::inet_pton(AF_INET6, name.c_str(), bytes) == 1;
}

base::Time time_of(const ASN1_TIME* field) {
  std::tm parts{};
  SLIPWAY_CHECK(ASN1_TIME_to_tm(field, &parts) == 1);
  return base::Time(base::seconds(::timegm(&parts)));
}

std::vector<std::string> parts_of(X509_NAME* name, int nid) {
  std::vector<std::string> parts;
  for (int at = -1; (at = X509_NAME_get_index_by_NID(name, nid, at)) >= 0;) {
    const ASN1_STRING* text = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
    parts.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                       static_cast<std::size_t>(ASN1_STRING_length(text)));
  }
  return parts;
}

std::string name_text(const GENERAL_NAME* name) {
  if (name->type == GEN_DNS)
    return std::string(reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName)),
                       static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName)));
  if (name->type != GEN_IPADD) return {};
  char text[INET6_ADDRSTRLEN] = {};
  const int family = ASN1_STRING_length(name->d.iPAddress) == 4 ? AF_INET : AF_INET6;
  ::inet_ntop(family, ASN1_STRING_get0_data(name->d.iPAddress), text, sizeof text);
  return text;
}

}  // namespace

Credential make_ca(const std::string& common_name, base::Time now, base::Duration valid) {
  const auto key = make_key();
  const auto certificate = blank(key.get(), now, valid);
  X509* c = certificate.get();
  add_part(X509_get_subject_name(c), NID_commonName, common_name);
  X509_set_issuer_name(c, X509_get_subject_name(c));
  add_extension(c, c, NID_basic_constraints, "critical,CA:TRUE");
  add_extension(c, c, NID_key_usage, "critical,keyCertSign,cRLSign,digitalSignature");
  add_extension(c, c, NID_subject_key_identifier, "hash");
  SLIPWAY_CHECK(X509_sign(c, key.get(), EVP_sha256()) > 0);
  return to_pem(c, key.get());
}

base::Result<Credential> issue_server(const Credential& ca, const std::vector<std::string>& names, base::Time now,
                                      base::Duration valid) {
  SLIPWAY_CHECK(!names.empty());
  std::string alternatives;
  for (const auto& name : names) {
    if (name.empty() || name.find_first_of(",\\\n") != name.npos)
      return fail(Code::Invalid, "not a host name: \"" + name + "\"");
    alternatives += (alternatives.empty() ? "" : ",") + std::string(is_address(name) ? "IP:" : "DNS:") + name;
  }
  return issue(ca, {{names.front(), {}}, "serverAuth", alternatives}, now, valid);
}

base::Result<Credential> issue_client(const Credential& ca, const Identity& identity, base::Time now,
                                      base::Duration valid) {
  return issue(ca, {identity, "clientAuth", ""}, now, valid);
}

base::Result<Description> describe(const std::string& pem) {
  const auto certificate = read_certificate(pem);
  if (!certificate) return fail(Code::Invalid, "not a certificate in PEM form");
  X509* c = certificate.get();
  Description description;
  const auto common = parts_of(X509_get_subject_name(c), NID_commonName);
  description.subject = {common.empty() ? "" : common.back(), parts_of(X509_get_subject_name(c), NID_organizationName)};
  description.not_before = time_of(X509_get0_notBefore(c));
  description.not_after = time_of(X509_get0_notAfter(c));
  description.is_ca = X509_check_ca(c) == 1;
  Owned<GENERAL_NAMES> names(static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(c, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names && i < sk_GENERAL_NAME_num(names.get()); ++i)
    description.names.push_back(name_text(sk_GENERAL_NAME_value(names.get(), i)));
  return description;
}

base::Result<void> check(const Credential& credential, const std::string& ca, base::Time now, base::Duration left) {
  const auto certificate = read_certificate(credential.certificate);
  const auto key = read_key(credential.key);
  const auto issuer = read_certificate(ca);
  if (!certificate) return fail(Code::Invalid, "not a certificate in PEM form");
  if (!key) return fail(Code::Invalid, "not a private key in PEM form");
  if (!issuer) return fail(Code::Invalid, "not a CA certificate in PEM form");
  if (X509_check_private_key(certificate.get(), key.get()) != 1)
    return fail(Code::Invalid, "the private key does not belong to the certificate");
  if (X509_verify(certificate.get(), X509_get0_pubkey(issuer.get())) != 1)
    return ERR_clear_error(), fail(Code::Invalid, "the certificate is not signed by the CA");
  const base::Time from = time_of(X509_get0_notBefore(certificate.get()));
  const base::Time until = time_of(X509_get0_notAfter(certificate.get()));
  if (now < from) return fail(Code::Invalid, "the certificate is not valid before " + base::format_time(from));
  if (now + left >= until) return fail(Code::Invalid, "the certificate ends at " + base::format_time(until));
  return {};
}

}  // namespace slipway::http::pki
