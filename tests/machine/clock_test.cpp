// The machine's clock jumps under a running server: what it promised goes on, and nothing that runs is disturbed.
#include <algorithm>
#include <filesystem>

#include "base/time.h"
#include "program.h"

namespace slipway::machine {
namespace {

using data::Value;
using ::testing::HasSubstr;

constexpr const char* kApp = R"(
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  minReadySeconds: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: shop/web:v1
        ports: [{containerPort: 8080}]
        readinessProbe: {httpGet: {path: /healthz, port: 8080}, periodSeconds: 1}
)";

// One cluster whose server sees a clock that the test moves.
class Clock : public ::testing::Test {
 protected:
  void SetUp() override {
    move(0);
    const Words preload{"env", "LD_PRELOAD=" SLIPWAY_BUILD_DIR "/tests/libclock_offset.so", "CLOCK_OFFSET=" + offset()};
    const Said up = home_.up({"--no-prometheus"}, preload);
    ASSERT_EQ(up.status, 0) << up.text;
    std::filesystem::create_directory(home_.path() + "/out");
    std::filesystem::copy_file(SLIPWAY_BUILD_DIR "/examples/slipway-shop", home_.path() + "/out/shop");
    for (const char* tag : {"v1", "v2"}) {
      const Said imported =
          slipway({"image", "import", std::string("shop/web:") + tag, home_.path() + "/out", "--data-dir", home_.data(),
                   "--entrypoint", "/shop", "--entrypoint", std::string("VERSION=") + tag});
      ASSERT_EQ(imported.status, 0) << imported.text;
    }
    write_text(home_.path() + "/app.yaml", kApp);
    ASSERT_EQ(home_.ask({"apply", "-f", home_.path() + "/app.yaml"}).status, 0);
    healthy("at first");
  }
  std::string offset() const { return home_.path() + "/offset"; }
  void move(long seconds) { write_text(offset(), std::to_string(seconds)); }
  void healthy(const std::string& when) {
    const Said said = home_.ask({"status", "web", "--until", "healthy", "--timeout", "60s"});
    ASSERT_EQ(said.status, 0) << when << ": " << said.text;
  }
  // Containers that ran before still run: none has been started again.
  int restarts() {
    const Value pods = home_.wait_for("pods", [](const Value&) { return true; });
    int sum = 0;
    for (const Value& pod : pods["items"].items())
      sum += static_cast<int>(pod["status"]["containerStatuses"].at(0)["restartCount"].as_int());
    return sum;
  }
  Value web() {
    return home_.wait_for("deployment/web", [](const Value&) { return true; });
  }
  void deploy(const std::string& tag) {
    const Said set = home_.ask({"deploy", "web", "--image", "web=shop/web:" + tag});
    ASSERT_EQ(set.status, 0) << set.text;
  }

  Home home_;
};

TEST_F(Clock, AnHourForwardAndTwoBackDisturbNothing) {
  const auto first = *base::parse_time(web()["metadata"]["creationTimestamp"].as_string());
  move(3600);
  deploy("v2");
  healthy("an hour ahead");
  // The server did see the jump.
  const Value sets = home_.wait_for("replicasets", [](const Value&) { return true; });
  EXPECT_TRUE(std::ranges::any_of(sets["items"].items(), [&](const Value& set) {
    return *base::parse_time(set["metadata"]["creationTimestamp"].as_string()) - first > base::seconds(3590);
  }));
  move(-3600);
  deploy("v1");
  healthy("an hour behind");
  EXPECT_EQ(restarts(), 0);
  const Value node = home_.wait_for("node/node-1", [](const Value&) { return true; });
  EXPECT_EQ(condition_of(node, "Ready")["status"].as_string(), "True");
}

TEST_F(Clock, AJumpWhileTheServerIsAwayDisturbsNothing) {
  ASSERT_TRUE(kill_and_wait(home_.endpoints()["pid"].as_int()));
  move(-1800);
  const Words preload{"env", "LD_PRELOAD=" SLIPWAY_BUILD_DIR "/tests/libclock_offset.so", "CLOCK_OFFSET=" + offset()};
  ASSERT_EQ(home_.up({"--no-prometheus"}, preload).status, 0);
  deploy("v2");
  healthy("half an hour behind");
  EXPECT_EQ(restarts(), 0);
}

}  // namespace
}  // namespace slipway::machine
