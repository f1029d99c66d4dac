// Rules of Notifications.
#include <fmt/format.h>

#include <algorithm>

#include "api/kinds/release_rules.h"
#include "api/kinds/rule_problems.h"
#include "base/time.h"
#include "data/selector.h"

namespace slipway::api {
namespace {

using base::Cause;
using data::Value;
using namespace rules;

constexpr base::Duration kLongestAnswer = base::minutes(1);
constexpr base::Duration kLongestPatience = base::hours(7 * 24);

bool given(const Value& owner, const char* key) { return !owner[key].as_string().empty(); }

void check_length(Problems& out, const Value& owner, const char* key, const std::string& path, base::Duration most,
                  std::string_view most_text) {
  check_duration(out, owner, key, path);
  if (!given(owner, key)) return;
  const auto length = base::parse_duration(owner[key].as_string());
  if (length && (*length == base::Duration(0) || *length > most))
    out.invalid(fmt::format("{}.{}", path, key), owner[key],
                fmt::format("must be more than 0s and at most {}", most_text));
}

void check_address(Problems& out, const Value& hook) {
  const std::string_view url = hook["url"].as_string();
  if (given(hook, "url") && given(hook, "urlKey"))
    return out.forbidden("spec.webhook.url", "the address comes from urlKey");
  if (!given(hook, "url") && !given(hook, "urlKey"))
    return out.required("spec.webhook.url", "where events are sent, or urlKey: the key of the secret that says it");
  if (given(hook, "url") && !url.starts_with("http://") && !url.starts_with("https://"))
    out.invalid("spec.webhook.url", hook["url"], "must begin with http:// or https://");
}

void check_keys(Problems& out, const Value& hook) {
  const bool has_secret = given(hook, "secret");
  for (const char* key : {"urlKey", "signingKey"})
    if (given(hook, key) && !has_secret)
      out.forbidden(fmt::format("spec.webhook.{}", key), "spec.webhook.secret names the Secret with that key");
  const bool plain = hook["url"].as_string().starts_with("http://");
  for (std::size_t i = 0; i < hook["headers"].size(); ++i) {
    const Value& header = hook["headers"].at(i);
    const std::string at = fmt::format("spec.webhook.headers[{}]", i);
    if (!given(header, "name")) out.required(at + ".name", "the name of a header field");
    if (!given(header, "secretKey")) continue;
    if (given(header, "value")) out.forbidden(at + ".value", "the value comes from secretKey");
    if (!has_secret) out.forbidden(at + ".secretKey", "spec.webhook.secret names the Secret with that key");
    if (plain) out.invalid("spec.webhook.url", hook["url"], "must begin with https:// where a secret is sent");
  }
}

void check_releases(Problems& out, const Value& releases) {
  if (!releases.is_object()) return;
  if (releases["names"].size() == 0 && !releases["selector"].is_object())
    out.required("spec.releases", "names or a selector; without `releases` all of the namespace are meant");
  if (!releases["selector"].is_object()) return;
  if (const auto selector = data::LabelSelector::from_value(releases["selector"]); !selector)
    out.invalid("spec.releases.selector", releases["selector"], selector.error().message);
}

}  // namespace

void check_notification(const Value& notification, const Value&, std::vector<Cause>& problems) {
  Problems out{problems};
  const Value &spec = notification["spec"], &hook = spec["webhook"];
  check_address(out, hook);
  check_keys(out, hook);
  check_length(out, hook, "timeout", "spec.webhook", kLongestAnswer, "1m");
  check_length(out, spec, "giveUpAfter", "spec", kLongestPatience, "168h");
  check_releases(out, spec["releases"]);
}

}  // namespace slipway::api
