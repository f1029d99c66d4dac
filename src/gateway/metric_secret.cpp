#include "gateway/metric_secret.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/resource.h"
#include "base/strings.h"

namespace slipway::gateway {
namespace {

using base::Code;
using data::Value;

// Of the failures to read a Secret, those that somebody can do something about say what.
base::Error secret_refused(base::Error error, const std::string& space, const std::string& name,
                           const std::string& field) {
  if (error.code == Code::Forbidden)
    error.message = fmt::format(
        "the controllers may not read Secret {0}/{1}, which {2} names: give them `get` of it with a Role in {0} "
        "(docs/rbac.md): {3}",
        space, name, field, error.message);
  if (error.code == Code::NotFound)
    error.message = fmt::format("Secret {}/{}, which {} names, does not exist", space, name, field);
  return error;
}

bool has_control_characters(std::string_view text) {
  return std::ranges::any_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
}

}  // namespace

std::optional<std::string> secret_text(const Value& secret, std::string_view key) {
  if (!secret["data"].has(key)) return std::nullopt;
  const auto bytes = base::base64_decode(secret["data"][key].as_string());
  return bytes ? std::string(base::trim(*bytes)) : std::string();
}

base::Result<MetricAccess> read_access(const Value& secret, bool must) {
  const auto user = secret_text(secret, "username"), password = secret_text(secret, "password"),
             token = secret_text(secret, "token"), ca = secret_text(secret, "ca.crt");
  const auto invalid = [](const char* why) { return base::fail(Code::Invalid, why); };
  if (user.has_value() != password.has_value()) return invalid("username and password belong together");
  if (user && token) return invalid("has both a password and a token");
  if (must && !user && !token && !ca) return invalid("has none of username and password, token, ca.crt");
  MetricAccess access{.ca = ca.value_or("")};
  for (const auto& one : {user, password, token})
    if (one && has_control_characters(*one)) return invalid("has control characters in its password or token");
  if (user && user->contains(':')) return invalid("its username has a colon");
  if (user) access.authorization = "Basic " + base::base64_encode(*user + ":" + *password);
  if (token) access.authorization = "Bearer " + *token;
  return access;
}

void read_metric_secret(client::ApiClient* secrets, runtime::Loop& loop, const Value& named, std::string field,
                        std::move_only_function<void(base::Result<Value>)> done) {
  const std::string space = named["namespace"].str(), name = named["name"].str();
  if (secrets == nullptr)
    return loop.post(
        [done = std::move(done)]() mutable { done(base::fail(Code::Unavailable, "no Secret can be read here")); });
  secrets->call({.verb = client::Verb::Get, .resource = api::kSecrets, .space = space, .name = name},
                [space, name, field = std::move(field), done = std::move(done)](client::Answer secret) mutable {
                  if (!secret) return done(base::fail(secret_refused(secret.error(), space, name, field)));
                  done(std::move(*secret));
                });
}

}  // namespace slipway::gateway
