// The process runtime with real processes, isolated and on loopback.
#include <gtest/gtest.h>
#include <signal.h>

#include <filesystem>

#include "node/images/import.h"
#include "node/runtimes/process_runtime.h"
#include "node/runtimes/process_spec.h"
#include "node/shim_client.h"
#include "node/testing.h"

namespace slipway::node {
namespace {

namespace fs = std::filesystem;

class RuntimeTest : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    ASSERT_TRUE(make_folders(folder.path + "/pods", 0711));
    ASSERT_TRUE(make_folders(folder.path + "/images", 0711));
    const auto running = ensure_shim(options);
    if (!running && isolated()) GTEST_SKIP() << "no namespaces on this machine: " << running.error().message;
    ASSERT_TRUE(running);
    import_listener();
    connect();
  }
  void TearDown() override {
    runtime.reset();
    shim.reset();
    EXPECT_TRUE(stop_shim(folder.path, base::seconds(0)));
  }
  void import_listener() {
    const std::string image = folder.path + "/image";
    ASSERT_TRUE(make_folders(image + "/app", 0755));
    fs::copy_file(fs::path(shim_program()).parent_path() / "slipway-listener", image + "/app/listener");
    const auto entry = images::import_image(
        store, image, "web:1",
        {.entrypoint = std::vector<std::string>{"/app/listener", "$POD_IP", "8080"}, .workdir = "/app"});
    ASSERT_TRUE(entry) << entry.error().message;
  }
  void connect() {
    runtime.reset();
    shim = std::make_unique<ShimClient>(world.loop, options);
    runtime =
        std::make_unique<ProcessRuntime>(world.loop, *shim, store, ProcessRuntimeOptions{.data_dir = folder.path});
    runtime->on_end([this](const ContainerState& s) { ended[s.key] = s; });
    shim->start();
    const auto r = world.wait<RuntimeReport>([&](auto done) { runtime->report(std::move(done)); });
    ASSERT_TRUE(r);
    report = *r;
  }
  bool isolated() const { return std::string(GetParam()) == "isolated"; }

  Sandbox make_sandbox(const std::string& uid, int host) {
    Sandbox s{.uid = uid,
              .space = "default",
              .name = uid,
              .hostname = uid,
              .ip = report.pod_range + ".9." + std::to_string(host)};
    EXPECT_TRUE(world.wait<bool>([&](auto done) { runtime->make_sandbox(s, std::move(done)); }));
    return s;
  }
  ContainerSpec container(const Sandbox& s) {
    ContainerSpec c{.key = {s.uid, "web", 0}, .sandbox = s, .image = *store.resolve("web:1")};
    c.argv = c.image.entrypoint;
    c.env = {{"PATH", "/usr/bin:/bin"}};
    if (isolated()) c.env.emplace_back("POD_IP", s.ip);
    return c;
  }
  base::Result<ContainerState> start(const ContainerSpec& c) {
    return world.wait<ContainerState>([&](auto done) { runtime->start(c, std::move(done)); });
  }
  CheckResult get(const ContainerKey& key, const std::string& ip, const std::string& path, int port = 8080) {
    return *world.wait<CheckResult>([&](auto done) {
      runtime->check_http(key, {.ip = ip, .path = path, .port = port}, base::seconds(5), std::move(done));
    });
  }
  bool becomes_ready(const ContainerKey& key, const std::string& ip) {
    for (int i = 0; i < 1000; ++i)
      if (get(key, ip, "/ready").ok) return true;
    return false;
  }

  TempFolder folder;
  RealWorld world;
  ShimOptions options{.data_dir = folder.path, .program = {shim_program()}, .runtime = GetParam()};
  images::Store store{folder.path + "/images", true};
  std::unique_ptr<ShimClient> shim;
  std::unique_ptr<ProcessRuntime> runtime;
  RuntimeReport report;
  std::map<ContainerKey, ContainerState> ended;
};

TEST_P(RuntimeTest, TwoPodsListenOnTheSamePort) {
  std::vector<Sandbox> pods = {make_sandbox("one", 1), make_sandbox("two", 2)};
  for (const Sandbox& s : pods) {
    const auto state = start(container(s));
    ASSERT_TRUE(state) << state.error().message;
    EXPECT_TRUE(becomes_ready({s.uid, "web", 0}, s.ip));
  }
  EXPECT_FALSE(get({"one", "web", 0}, pods[0].ip, "/other").ok);
  EXPECT_NE(get({"one", "web", 0}, pods[0].ip, "/other").output.find("404"), std::string::npos);
  EXPECT_TRUE(world
                  .wait<CheckResult>([&](auto done) {
                    runtime->check_tcp({"one", "web", 0}, pods[0].ip, 8080, base::seconds(5), std::move(done));
                  })
                  ->ok);
  EXPECT_FALSE(world
                   .wait<CheckResult>([&](auto done) {
                     runtime->check_tcp({"one", "web", 0}, pods[0].ip, 9999, base::seconds(5), std::move(done));
                   })
                   ->ok);
}

TEST_P(RuntimeTest, StopsAndReportsTheEnd) {
  const Sandbox s = make_sandbox("one", 3);
  ASSERT_TRUE(start(container(s)));
  ASSERT_TRUE(becomes_ready({"one", "web", 0}, s.ip));
  ASSERT_TRUE(world.wait<bool>([&](auto done) { runtime->signal({"one", "web", 0}, SIGTERM, std::move(done)); }));
  world.run_until([&] { return ended.contains({"one", "web", 0}); });
  EXPECT_EQ(ended.at({"one", "web", 0}).exit_code, 143);
  runtime->forget({"one", "web", 0});
  ASSERT_TRUE(world.wait<bool>([&](auto done) { runtime->remove_sandbox("one", std::move(done)); }));
  EXPECT_FALSE(exists(folder.path + "/pods/one"));
  EXPECT_TRUE(exists(folder.path + "/logs/pods/default_one_one/web/0.log"));
}

TEST_P(RuntimeTest, PodsAreNotTheServersUser) {
  const Sandbox s = make_sandbox("one", 4);
  const auto state = start(container(s));
  ASSERT_TRUE(state);
  if (getuid() != 0) GTEST_SKIP() << "without root there is one user only";
  EXPECT_EQ(pod_user(s.ip), 200'000u + 9 * 256 + 4);
  ContainerSpec root = container(s);
  root.key.container = "root";
  root.run_as = -1;
  EXPECT_EQ(start(root).error().code, base::Code::Forbidden);
}

TEST_P(RuntimeTest, ExecProbesRunInsideTheContainer) {
  const Sandbox s = make_sandbox("one", 5);
  ContainerSpec c = container(s);
  c.image = *store.resolve("host");
  c.argv = {"sh", "-c", "echo ready > /tmp/slipway-test-" + s.uid + "; exec sleep 1000"};
  ASSERT_TRUE(start(c));
  const auto exec = [&](std::vector<std::string> argv, base::Duration limit = base::seconds(10)) {
    return *world.wait<CheckResult>([&](auto done) { runtime->check_exec(c.key, argv, limit, std::move(done)); });
  };
  if (isolated()) world.run_until([&] { return exec({"test", "-e", "/tmp/slipway-test-one"}).ok; });
  EXPECT_TRUE(exec({"true"}).ok);
  const CheckResult failed = exec({"sh", "-c", "echo because; exit 3"});
  EXPECT_FALSE(failed.ok);
  EXPECT_EQ(failed.output, "because\n");
  EXPECT_EQ(exec({"sleep", "1000"}, base::milliseconds(50)).output, "command timed out");
  EXPECT_FALSE(exec({"/no/such/program"}).ok);
  EXPECT_EQ(exists("/tmp/slipway-test-one"), !isolated());
  unlink("/tmp/slipway-test-one");
}

TEST_P(RuntimeTest, ANewServerFindsWhatRuns) {
  const Sandbox s = make_sandbox("one", 6);
  ASSERT_TRUE(start(container(s)));
  ASSERT_TRUE(becomes_ready({"one", "web", 0}, s.ip));
  connect();
  const auto all = world.wait<PodRuntime::Everything>([&](auto done) { runtime->list(std::move(done)); });
  ASSERT_TRUE(all);
  ASSERT_EQ(all->containers.size(), 1u);
  EXPECT_EQ(all->containers[0].key, (ContainerKey{"one", "web", 0}));
  EXPECT_TRUE(all->containers[0].running);
  ASSERT_EQ(all->sandboxes.size(), 1u);
  EXPECT_EQ(all->sandboxes[0].ip, s.ip);
  EXPECT_TRUE(get({"one", "web", 0}, s.ip, "/ready").ok);
}

TEST_P(RuntimeTest, VolumesAreSeenAndFollowChanges) {
  const Sandbox s = make_sandbox("one", 7);
  const auto put = [&](const std::string& text) {
    Volume v{.name = "conf", .files = {{"sub/key", text, 0400}}};
    ASSERT_TRUE(world.wait<bool>([&](auto done) { runtime->put_volume(s, v, std::move(done)); }));
  };
  put("first");
  ContainerSpec c = container(s);
  c.image = *store.resolve("host");
  const std::string where = isolated() ? "/conf" : "usr/conf";
  c.cwd = isolated() ? "/" : "/";
  c.argv = {"sh", "-c", "while :; do cat /conf/sub/key; echo; sleep 0.01; done"};
  c.mounts = {{.volume = "conf", .path = "/conf", .read_only = true}};
  if (!isolated()) {
    const auto refused = start(c);  // it would look for /conf on the machine
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, base::Code::Invalid);
    EXPECT_NE(refused.error().message.find("relative path"), std::string::npos);
    c = container(s);
    c.image.root = folder.path + "/image";
    c.mounts = {{.volume = "conf", .path = "/app/conf", .read_only = true}};
    ASSERT_TRUE(start(c)) << start(c).error().message;
    ASSERT_TRUE(becomes_ready(c.key, s.ip));
    const std::string tree = folder.path + "/pods/one/containers/web/0/root/app";
    EXPECT_EQ(read_file(tree + "/conf/sub/key").value_or("absent"), "first");
    EXPECT_TRUE(exists(tree + "/listener"));
    put("second");
    EXPECT_EQ(read_file(tree + "/conf/sub/key").value_or("absent"), "second");
    return;
  }
  ASSERT_TRUE(start(c));
  const std::string log = folder.path + "/logs/pods/default_one_one/web/0.log";
  world.run_until([&] { return read_file(log).value_or("").find("F first\n") != std::string::npos; });
  put("second");
  world.run_until([&] { return read_file(log).value_or("").find("F second\n") != std::string::npos; });
}

TEST_P(RuntimeTest, ClaimedVolumesOutlivePods) {
  const std::string kept = folder.path + "/claims/pvc-1";
  const auto mount = [&](const Sandbox& s) {
    const Volume v{.name = "data", .kept = "pvc-1"};
    ASSERT_TRUE(world.wait<bool>([&](auto done) { runtime->put_volume(s, v, std::move(done)); }));
  };
  const Sandbox one = make_sandbox("one", 11), two = make_sandbox("two", 12);
  mount(one);
  if (isolated()) {
    const auto run = [&](const Sandbox& s, const std::string& script) {
      ContainerSpec c = container(s);
      c.image = *store.resolve("host");
      c.argv = {"sh", "-c", script};
      c.mounts = {{.volume = "data", .path = "/data"}};
      ASSERT_TRUE(start(c));
      world.run_until([&] { return ended.contains(c.key); });
      EXPECT_EQ(ended.at(c.key).exit_code, 0) << script;
    };
    run(one, "umask 077; mkdir /data/d && echo of one > /data/d/file");
    ASSERT_TRUE(world.wait<bool>([&](auto done) { runtime->remove_sandbox("one", std::move(done)); }));
    mount(two);
    run(two, "cat /data/d/file && echo and two >> /data/d/file");
    EXPECT_EQ(read_file(kept + "/d/file").value_or("absent"), "of one\nand two\n");
  } else {
    ASSERT_TRUE(write_file(kept + "/file", "of one"));
    ASSERT_TRUE(world.wait<bool>([&](auto done) { runtime->remove_sandbox("one", std::move(done)); }));
    mount(two);
    EXPECT_EQ(read_file(folder.path + "/pods/two/volumes/data/file").value_or("absent"), "of one");
  }
  ASSERT_TRUE(world.wait<bool>([&](auto done) { runtime->remove_sandbox("two", std::move(done)); }));
  EXPECT_TRUE(exists(kept));
  runtime->remove_kept("pvc-1");
  EXPECT_FALSE(exists(kept));
}

TEST_P(RuntimeTest, TheTerminationMessageIsKept) {
  if (!isolated()) GTEST_SKIP() << "loopback pods have no file system of their own";
  const Sandbox s = make_sandbox("one", 8);
  ContainerSpec c = container(s);
  c.image = *store.resolve("host");
  c.argv = {"sh", "-c", "echo out of luck > /dev/termination-log; exit 4"};
  ASSERT_TRUE(start(c));
  world.run_until([&] { return ended.contains(c.key); });
  EXPECT_EQ(ended.at(c.key).message, "out of luck\n");
  EXPECT_EQ(ended.at(c.key).exit_code, 4);
}

TEST_P(RuntimeTest, OnLoopbackOnlyThePodsOwnSocketCounts) {
  if (isolated()) GTEST_SKIP() << "isolated pods have addresses of their own";
  const Sandbox one = make_sandbox("one", 9), two = make_sandbox("two", 10);
  ContainerSpec everywhere = container(one);
  everywhere.argv = {"/app/listener", "0.0.0.0", "8081"};
  ASSERT_TRUE(start(everywhere));
  ContainerSpec other = container(two);
  ASSERT_TRUE(start(other));
  ASSERT_TRUE(becomes_ready(other.key, two.ip));
  world.run_until([&] { return get(everywhere.key, one.ip, "/ready", 8081).ok; });
  const CheckResult stolen = get(other.key, two.ip, "/ready", 8081);  // answered, but by the other pod
  EXPECT_FALSE(stolen.ok);
  EXPECT_NE(stolen.output.find("another process"), std::string::npos);
}

INSTANTIATE_TEST_SUITE_P(Rungs, RuntimeTest, testing::Values("isolated", "loopback"),
                         [](const auto& info) { return std::string(info.param); });

}  // namespace
}  // namespace slipway::node
