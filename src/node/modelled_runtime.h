// A pod runtime without processes, for tests in virtual time: containers start at once, end when they are told to, and
// answer probes as the test says.
#pragma once

#include <csignal>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "node/pod_runtime.h"
#include "runtime/loop.h"

namespace slipway::node {

class ModelledRuntime final : public PodRuntime {
 public:
  explicit ModelledRuntime(runtime::Loop& loop) : loop_(loop) {}

  // --- what the test sets and sees
  std::set<std::string> images = {"web:1"};
  std::set<int> deaf_to;  // signals that containers ignore
  std::function<bool(const ContainerKey&, const std::string& what)> healthy = [](auto&, auto&) {
    return true;
  };  // what: path or argv[0]
  std::vector<std::string> story;  // "start web/0", "signal web/0 15", "exec web/0 /stop" ...
  std::map<std::string, std::map<std::string, Volume>> volumes;  // by pod uid and name
  std::map<ContainerKey, ContainerSpec> specs;
  std::map<ContainerKey, ContainerState> containers;
  std::map<std::string, Sandbox> sandboxes;
  bool lose_start_answers = false;

  int running() const {
    int n = 0;
    for (const auto& [key, c] : containers) n += c.running;
    return n;
  }
  void end(const ContainerKey& key, int exit_code, int signal = 0) {
    ContainerState& c = containers.at(key);
    if (!c.running) return;
    c.running = false;
    c.ended = loop_.now();
    c.exit_code = signal != 0 ? 128 + signal : exit_code;
    c.signal = signal;
    for (const auto& listener : listeners_) loop_.post([listener, c] { listener(c); });
  }
  void end_all(const std::string& container, int exit_code) {
    for (auto& [key, c] : containers)
      if (key.container == container) end(key, exit_code);
  }

  // --- PodRuntime
  void report(Done<RuntimeReport> done) override {
    loop_.post([done = std::move(done)]() mutable {
      done(RuntimeReport{.name = "modelled", .pod_range = "10.244", .limits = true});
    });
  }
  base::Result<Image> resolve(const std::string& reference) override {
    if (!images.contains(reference))
      return base::fail(base::Code::NotFound, "image \"" + reference + "\" is not on this node");
    return Image{.reference = reference, .digest = "sha256:1", .root = "/", .entrypoint = {"/web"}};
  }
  void make_sandbox(Sandbox sandbox, Done<bool> done) override {
    sandboxes[sandbox.uid] = sandbox;
    answer(std::move(done), true);
  }
  void put_volume(const Sandbox& sandbox, Volume volume, Done<bool> done) override {
    volumes[sandbox.uid][volume.name] = volume;
    answer(std::move(done), true);
  }
  void remove_sandbox(const std::string& uid, Done<bool> done) override {
    sandboxes.erase(uid);
    volumes.erase(uid);
    answer(std::move(done), true);
  }
  void remove_kept(const std::string& kept) override { story.push_back("volume " + kept + " removed"); }
  void remove_logs(const Sandbox& sandbox) override { story.push_back("logs of " + sandbox.name + " removed"); }

  void start(ContainerSpec spec, Done<ContainerState> done) override {
    const ContainerKey key = spec.key;
    if (containers.contains(key) && containers[key].running)
      return loop_.post([done = std::move(done)]() mutable { done(base::fail(base::Code::AlreadyExists, "runs")); });
    story.push_back("start " + name(key));
    specs[key] = spec;
    containers[key] = {.key = key, .running = true, .started = loop_.now()};
    if (lose_start_answers)
      return loop_.post([done = std::move(done)]() mutable { done(base::fail(base::Code::Unavailable, "lost")); });
    answer(std::move(done), containers[key]);
  }
  void signal(const ContainerKey& key, int signal, Done<bool> done) override {
    story.push_back("signal " + name(key) + " " + std::to_string(signal));
    if (!deaf_to.contains(signal)) end(key, 0, signal);
    answer(std::move(done), true);
  }
  void forget(const ContainerKey& key) override { containers.erase(key); }
  void list(Done<Everything> done) override {
    Everything all;
    for (const auto& [key, c] : containers) all.containers.push_back(c);
    for (const auto& [uid, s] : sandboxes) all.sandboxes.push_back(s);
    answer(std::move(done), all);
  }
  void on_end(std::function<void(const ContainerState&)> listener) override {
    listeners_.push_back(std::move(listener));
  }
  void check_exec(const ContainerKey& key, std::vector<std::string> argv, base::Duration,
                  Done<CheckResult> done) override {
    story.push_back("exec " + name(key) + " " + argv[0]);
    answer(std::move(done), CheckResult{healthy(key, argv[0]), "exec failed"});
  }
  void check_http(const ContainerKey& key, HttpCheck check, base::Duration, Done<CheckResult> done) override {
    answer(std::move(done), CheckResult{healthy(key, check.path), "HTTP probe failed with statuscode: 503"});
  }
  void check_tcp(const ContainerKey& key, std::string, int, base::Duration, Done<CheckResult> done) override {
    answer(std::move(done), CheckResult{healthy(key, "tcp"), "refused"});
  }

 private:
  static std::string name(const ContainerKey& key) { return key.container + "/" + std::to_string(key.attempt); }
  template <class T, class V>
  void answer(Done<T> done, V value) {
    loop_.post([done = std::move(done), value = std::move(value)]() mutable { done(std::move(value)); });
  }

  runtime::Loop& loop_;
  std::vector<std::function<void(const ContainerState&)>> listeners_;
};

}  // namespace slipway::node
