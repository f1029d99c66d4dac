// A small certificate authority (RFC 5280): ECDSA P-256 with SHA-256, everything in PEM.
//
// Certificates are valid from an hour before `now`, so that a clock which is set back a little breaks nothing.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "base/time.h"
#include "http/message.h"

namespace slipway::http::pki {

struct Credential {
  std::string certificate;  // PEM
  std::string key;          // PEM, PKCS #8, not encrypted: keep it in a file of mode 600
};

Credential make_ca(const std::string& common_name, base::Time now, base::Duration valid);

// `names`: DNS names and IP addresses that clients may use. The first is the common name.
// Invalid when `ca` is not a usable CA credential.
base::Result<Credential> issue_server(const Credential& ca, const std::vector<std::string>& names, base::Time now,
                                      base::Duration valid);
base::Result<Credential> issue_client(const Credential& ca, const Identity& identity, base::Time now,
                                      base::Duration valid);

struct Description {
  Identity subject;
  base::Time not_before, not_after;
  std::vector<std::string> names;  // subject alternative names
  bool is_ca = false;
};
// Of the first certificate in `pem`.
base::Result<Description> describe(const std::string& pem);

// Does `certificate` (PEM) have `key` (PEM), is it signed by `ca` (PEM), and valid at `now` and for at least `left`
// longer? The error says which is wrong and is fit for the user.
base::Result<void> check(const Credential& credential, const std::string& ca, base::Time now, base::Duration left);

}  // namespace slipway::http::pki
