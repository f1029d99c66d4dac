#include "client/advice.h"

#include <array>
#include <string_view>

#include "http/pki.h"

namespace slipway::client {
namespace {

using base::Code;
using base::fail;

std::string quoted(const std::string& name) { return "\"" + name + "\""; }

// `cluster "prod" in /home/me/.kube/config`; the server when there is no file.
std::string cluster_of(const Connection& c) {
  return c.origin.cluster.empty() ? c.server : "cluster " + quoted(c.origin.cluster) + " in " + c.origin.file;
}
std::string user_of(const Connection& c) {
  if (c.origin.user.empty())
    return c.origin.file.empty() ? "the credentials" : "context " + quoted(c.origin.context) + " in " + c.origin.file;
  return "user " + quoted(c.origin.user) + " in " + c.origin.file;
}

struct Sign {
  std::string_view found;
  std::string (*advice)(const Connection&);
};

// What OpenSSL and the peer's alerts say, most specific first.
constexpr std::array kTlsSigns = {
    Sign{"certificate has expired",
         [](const Connection& c) {
           return "the certificate of " + c.server +
                  " has expired, or this machine's clock is wrong: renew it on the server";
         }},
    Sign{"certificate is not yet valid",
         [](const Connection& c) {
           return "the certificate of " + c.server + " is not valid yet: is this machine's clock wrong?";
         }},
    Sign{"mismatch",
         [](const Connection& c) {
           return "the certificate of " + c.server +
                  " is for other names: use one of those as server, or as tls-server-name, of " + cluster_of(c);
         }},
    Sign{"certificate verify failed",
         [](const Connection& c) {
           const std::string ca = c.origin.ca.empty()
                                      ? "the system's certificate authorities (there is no certificate-authority)"
                                      : c.origin.ca;
           return "the certificate of " + c.server + " is not signed by " + ca + " of " + cluster_of(c) +
                  ": get the CA of that server";
         }},
    Sign{"alert certificate expired",
         [](const Connection& c) {
           return "the server says that the client certificate of " + user_of(c) + " has expired: get a new one";
         }},
    Sign{"alert unknown ca",
         [](const Connection& c) {
           return "the server does not know who signed the client certificate of " + user_of(c) +
                  ": is it for another cluster?";
         }},
    Sign{"alert", [](const Connection& c) { return "the server refuses the client certificate of " + user_of(c); }},
    Sign{"wrong version number",
         [](const Connection& c) { return c.server + " does not speak TLS: is the port right?"; }},
    Sign{"HTTP proxy", [](const Connection& c) { return "check proxy-url of " + cluster_of(c); }},
    Sign{"Connection refused",
         [](const Connection& c) {
           return "nothing listens at " + c.server + " of " + cluster_of(c) + ": is the server running?";
         }},
    Sign{"no connection in time",
         [](const Connection& c) {
           return c.server + " of " + cluster_of(c) +
                  " does not answer: is it the right address, and is a VPN or firewall in the way?";
         }},
    Sign{"Host not found",
         [](const Connection& c) {
           return "the name in " + c.server + " of " + cluster_of(c) + " is not known: is it right, and does DNS work?";
         }},
    Sign{"unreachable",
         [](const Connection& c) {
           return "there is no way to " + c.server + " of " + cluster_of(c) + ": is the network up?";
         }},
};

std::string credentials_advice(const Connection& c) {
  if (!c.exec.command.empty()) return "log in again with what " + c.exec.command + " belongs to";
  if (!c.token_file.empty()) return "the token in " + c.token_file + " is not valid (any more): write a new one there";
  if (!c.token.empty()) return "its token is not valid (any more): get a new one";
  if (!c.certificate.empty())
    return "its client certificate is not accepted: it was signed by another CA, or has expired";
  return "it has no credentials: add a token, a client certificate or an exec plugin";
}

}  // namespace

base::Error with_advice(base::Error error, const Connection& connection) {
  if (error.code == Code::Unauthorized) {
    error.message = connection.server + " does not accept " + user_of(connection) + ": " +
                    credentials_advice(connection) + " (" + error.message + ")";
    return error;
  }
  if (error.code != Code::Unavailable && error.code != Code::Timeout) return error;
  for (const Sign& sign : kTlsSigns) {
    if (!error.message.contains(sign.found)) continue;
    error.message = sign.advice(connection) + " (" + error.message + ")";
    return error;
  }
  return error;
}

base::Result<void> check_certificate(const std::string& certificate, const Connection& connection, base::Time now) {
  if (certificate.empty()) return {};
  const auto shown = http::pki::describe(certificate);
  if (!shown)
    return fail(Code::Invalid, "the client certificate of " + user_of(connection) + ": " + shown.error().message);
  if (now >= shown->not_after)
    return fail(Code::Unauthorized, "the client certificate of " + user_of(connection) + " (" +
                                        connection.origin.credentials + ") has expired at " +
                                        base::format_time(shown->not_after) + ": get a new one");
  if (now < shown->not_before)
    return fail(Code::Unauthorized, "the client certificate of " + user_of(connection) + " is valid only from " +
                                        base::format_time(shown->not_before) + " on: is this machine's clock wrong?");
  return {};
}

}  // namespace slipway::client
