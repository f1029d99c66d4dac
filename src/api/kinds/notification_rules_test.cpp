// Which Notifications are refused, and where the problem is.
#include <gtest/gtest.h>

#include "api/kinds/release_rules.h"
#include "api/testing.h"

namespace slipway::api {
namespace {

std::string problems_of(const std::string& spec) {
  std::vector<base::Cause> problems;
  check_notification(testing::yaml("spec: " + spec), data::kNull, problems);
  std::string out;
  for (const base::Cause& each : problems) out += each.field + ": " + each.message + "\n";
  return out;
}

TEST(NotificationRules, let_what_can_be_sent_pass) {
  for (const char* spec : {"{webhook: {url: 'https://a/'}}", "{webhook: {url: 'http://relay.shop.svc/'}}",
                           "{webhook: {urlKey: url, secret: s, signingKey: key, headers: [{name: X, secretKey: k}, "
                           "{name: W, value: v}], timeout: 1m}, "
                           "giveUpAfter: 168h}",
                           "{webhook: {url: 'http://relay/', secret: s, signingKey: key}}",
                           "{webhook: {url: 'https://a/'}, releases: {names: [web]}}",
                           "{webhook: {url: 'https://a/'}, releases: {selector: {matchLabels: {a: b}}}}"})
    EXPECT_EQ(problems_of(spec), "") << spec;
}

TEST(NotificationRules, say_what_is_wrong_with_its_place) {
  const std::pair<const char*, const char*> rows[] = {
      {"{}",
       "spec.webhook.url: Required value: where events are sent, or urlKey: the key of the secret that says it\n"},
      {"{webhook: {url: 'https://a/', urlKey: k, secret: s}}",
       "spec.webhook.url: Forbidden: the address comes from urlKey\n"},
      {"{webhook: {url: 'ftp://a/'}}",
       "spec.webhook.url: Invalid value: \"ftp://a/\": must begin with http:// or https://\n"},
      {"{webhook: {urlKey: k}}",
       "spec.webhook.urlKey: Forbidden: spec.webhook.secret names the Secret with that key\n"},
      {"{webhook: {url: 'https://a/', signingKey: k}}",
       "spec.webhook.signingKey: Forbidden: spec.webhook.secret names the Secret with that key\n"},
      {"{webhook: {url: 'https://a/', headers: [{value: v}, {name: X, secretKey: k, value: v}]}}",
       "spec.webhook.headers[0].name: Required value: the name of a header field\n"
       "spec.webhook.headers[1].value: Forbidden: the value comes from secretKey\n"
       "spec.webhook.headers[1].secretKey: Forbidden: spec.webhook.secret names the Secret with that key\n"},
      {"{webhook: {url: 'http://a/', secret: s, headers: [{name: X, secretKey: k}]}}",
       "spec.webhook.url: Invalid value: \"http://a/\": must begin with https:// where a secret is sent\n"},
      {"{webhook: {url: 'https://a/', timeout: 2m}, giveUpAfter: 0s}",
       "spec.webhook.timeout: Invalid value: \"2m\": must be more than 0s and at most 1m\n"
       "spec.giveUpAfter: Invalid value: \"0s\": must be more than 0s and at most 168h\n"},
      {"{webhook: {url: 'https://a/'}, releases: {}}",
       "spec.releases: Required value: names or a selector; without `releases` all of the namespace are meant\n"},
  };
  for (const auto& [spec, problems] : rows) EXPECT_EQ(problems_of(spec), problems) << spec;
  EXPECT_NE(
      problems_of("{webhook: {url: 'https://a/'}, releases: {selector: {matchExpressions: [{key: a, operator: In}]}}}"),
      "");
}

}  // namespace
}  // namespace slipway::api
