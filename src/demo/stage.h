// What all chapters of the story share: the finished binary, the cluster it runs, the load on it, and what was measured
// so far.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "delivery/state.h"
#include "demo/cluster.h"
#include "demo/load.h"
#include "demo/narrator.h"
#include "demo/report.h"

namespace slipway::demo {

struct Options {
  bool once = false;      // ends by itself; otherwise leaves everything running
  std::string slipway;    // the binary
  std::string programs;   // folder of slipway-shop and slipway-load
  std::string manifests;  // folder of the example's manifests
  std::string data_dir;
  std::string report;            // where the report goes
  int port = 7443;               // of the API; the gateway is one above; 0: any
  std::string runtime = "auto";  // auto, isolated or loopback
};

inline constexpr const char* kSpace = "shop";
inline constexpr const char* kApp = "web";

struct Stage {
  Options options;
  Narrator narrator;
  Report report = {};
  std::unique_ptr<Cluster> cluster = {};
  std::optional<Load> load = {};
  data::Value endpoints = {};                        // what the server said when it was ready
  std::chrono::steady_clock::time_point shown = {};  // when the live block was drawn

  // `slipway ARGS...`: its output; what it said is in the error when it fails.
  base::Result<std::string> slipway(std::vector<std::string> args);
  base::Result<void> up();  // starts the server (again), connects
  base::Result<void> apply(const std::string& file, std::string_view kinds_only = {});
  base::Result<void> set_image(const std::string& tag);
  base::Result<delivery::State> release();
  // Adds what the gateway has counted since its server started to the report, by image tag ("all" where versions are
  // not told apart).
  base::Result<void> collect_retries();
  // Draws what goes on, on a terminal and not too often.
  void show();
  // Watches the release until `done`; calls `seen` with every state. Says what goes on meanwhile.
  base::Result<delivery::State> follow(const std::string& what, base::Duration limit,
                                       const std::function<void(const delivery::State&)>& seen,
                                       const std::function<bool(const delivery::State&)>& done);
};

// Is `tag` ("v2") what all users get, with nothing left to do?
bool settled_on(const delivery::State& state, const std::string& tag);

base::Result<void> chapter_start(Stage& stage);
base::Result<void> chapter_rolling(Stage& stage);
base::Result<void> chapter_canary(Stage& stage);
base::Result<void> chapter_bad(Stage& stage);
base::Result<void> chapter_restart(Stage& stage);

}  // namespace slipway::demo
