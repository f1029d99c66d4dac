// Notifications on a real control plane: the controllers, with the rights of `slipway install` and a Role for one Secret,
// tell a receiver over TLS what happens; and go on where they were when they begin anew.
#include <gtest/gtest.h>

#include <mutex>
#include <set>

#include "api/meta.h"
#include "base/strings.h"
#include "data/json.h"
#include "gateway/webhook_signature.h"
#include "http/pki.h"
#include "http/server.h"
#include "release_bed.h"
#include "runtime/file.h"

namespace slipway::tests {
namespace {

using data::Value;

constexpr const char* kKey = "a key of theirs";

// A receiver behind TLS, which remembers what it took and checks the signatures.
class Receiver {
 public:
  Receiver(const http::pki::Credential& authority, base::Time now) {
    const auto own = http::pki::issue_server(authority, {"127.0.0.1"}, now, base::hours(1)).value();
    const auto tls = *http::TlsContext::make(http::TlsContext::Server{.certificate = own.certificate, .key = own.key});
    server_ = http::Server::start({.listeners = {{.address = "127.0.0.1", .port = 0, .tls = tls}}},
                                  [this](http::Request request, http::ResponseWriter writer) { take(request, std::move(writer)); })
                  .value();
  }
  std::string address() const { return "https://127.0.0.1:" + std::to_string(server_->ports()[0]) + "/hook/s3cret"; }
  void fail(bool failing) {
    const std::lock_guard lock(mutex_);
    failing_ = failing;
  }
  // The types of the events that were taken, in their order and without repetitions; the last word of each.
  std::vector<std::string> taken() const {
    const std::lock_guard lock(mutex_);
    return types_;
  }
  std::string wrong() const {
    const std::lock_guard lock(mutex_);
    return wrong_;
  }

 private:
  void take(const http::Request& request, http::ResponseWriter writer) {
    const std::lock_guard lock(mutex_);
    if (failing_) return writer.respond(503, {}, http::bytes_of(""));
    const auto event = data::parse_json(request.body);
    const std::string expected = gateway::webhook_signature(kKey, request.headers.get("webhook-id"),
                                                            request.headers.get("webhook-timestamp"), request.body);
    if (!event || request.headers.get("webhook-signature") != expected || request.target != "/hook/s3cret") wrong_ = request.body;
    if (event && ids_.insert((*event)["id"].str()).second) {
      const std::string type = (*event)["type"].str();
      types_.push_back(type.substr(type.rfind('.') + 1));
    }
    writer.respond(204, {}, http::bytes_of(""));
  }

  mutable std::mutex mutex_;
  bool failing_ = false;
  std::set<std::string> ids_;
  std::vector<std::string> types_;
  std::string wrong_;
  std::unique_ptr<http::Server> server_;
};

class NotificationsTest : public ReleaseOnCluster {
 protected:
  NotificationsTest() { controller_flags = {"--allow-loopback-metrics"}; }

  void apply(const std::string& yaml) {
    const std::string file = bed().folder() + "/" + space + ".yaml";
    ASSERT_TRUE(runtime::write_file(file, yaml, 0600).has_value());
    ASSERT_EQ(kubectl_code({"apply", "-f", file}), 0) << yaml;
  }
  void tell(const Receiver& receiver) {
    apply("apiVersion: v1\nkind: Secret\nmetadata: {name: hook}\nstringData: {url: '" + receiver.address() + "', key: '" + kKey +
          "', ca.crt: " + data::to_json(bed().authority().certificate) + "}\n");
    apply(R"(
apiVersion: slipway.dev/v1alpha1
kind: Notification
metadata: {name: record}
spec:
  webhook: {urlKey: url, secret: hook, signingKey: key}
  events: [Started, Paused, Commanded, Released]
)");
    ASSERT_TRUE(until([&] { return status()["since"].is_string(); }));
  }
  // As docs/rbac.md says.
  void give_secret() {
    apply(R"(
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: slipway-hook}
rules:
- {apiGroups: [""], resources: [secrets], resourceNames: [hook], verbs: [get]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: slipway-hook}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: slipway-hook}
subjects:
- {kind: ServiceAccount, name: slipway-controller, namespace: slipway-system}
)");
  }
  Value status() { return get(api::kNotifications, "record")["status"]; }
};
SLIPWAY_EACH_VERSION(NotificationsTest);

TEST_P(NotificationsTest, AReleaseIsToldOverARestartWithASecretThatWasGiven) {
  refusals_are_expected = true;  // of the Secret, first
  Receiver receiver(bed().authority(), api().now());
  attach(R"({"canary":{"steps":[{"weight":50},{"pause":{}}]}})");
  tell(receiver);
  set_image("v2");
  ASSERT_TRUE(until([&] { return status()["failing"]["reason"].str().contains("give them `get` of it with a Role in " + space); }))
      << data::to_json(status());
  EXPECT_FALSE(data::to_json(status()).contains("s3cret"));
  give_secret();
  ASSERT_TRUE(until([&] { return receiver.taken().size() == 2; })) << data::to_json(status());
  receiver.fail(true);
  ask("promote");
  ASSERT_TRUE(reaches("Idle")) << told() << ": a receiver that fails holds nothing up";
  ASSERT_TRUE(until([&] { return status()["failing"]["reason"].str().contains("503"); })) << data::to_json(status());
  controller.reset();
  receiver.fail(false);
  begin_controller();
  ASSERT_TRUE(until([&] { return receiver.taken().size() == 4; })) << data::to_json(status());
  EXPECT_EQ(receiver.taken(), (std::vector<std::string>{"started", "paused", "commanded", "released"}));
  EXPECT_EQ(receiver.wrong(), "");
  ASSERT_TRUE(until([&] { return status()["delivered"].as_int() == 4; })) << data::to_json(status());
  EXPECT_TRUE(status()["failing"].is_null());
}

}  // namespace
}  // namespace slipway::tests
