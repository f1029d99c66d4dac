// The finished program as a person uses it: typed, and read on the screen.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "data/value.h"

namespace slipway::machine {

using Words = std::vector<std::string>;

struct Said {
  int status = -1;
  std::string text;  // both streams
};

// SIGKILL to a process that is no child of ours; returns when it has ended, so that its locks are free. False: there is
// no such process.
bool kill_and_wait(std::int64_t pid);

// `slipway WORDS...`, behind `prefix` (env, unshare ...) when there is one.
Said slipway(const Words& words, const Words& prefix = {});
// Any program of this machine.
Said run(const Words& words);
// Runs `script` first, in a mount namespace of its own; what the command starts stays in it. Empty: this machine allows
// none.
Words in_mounts_of_its_own(const std::string& script);

// A folder for one cluster, and an end to whatever runs in it.
class Home {
 public:
  Home();
  ~Home();
  Home(const Home&) = delete;
  const std::string& path() const { return path_; }     // a folder that exists
  std::string data() const { return path_ + "/data"; }  // the cluster's, not there at first
  // `slipway up --detach` on free ports, and more words.
  Said up(const Words& more = {}, const Words& prefix = {}) const;
  Said down() const { return slipway({"down", "--data-dir", data()}); }
  // A command with this cluster's kubeconfig.
  Said ask(Words words) const;
  data::Value endpoints() const;
  // Asks for an object until `holds`: at most `seconds`, then the last answer.
  data::Value wait_for(const std::string& what, const std::function<bool(const data::Value&)>& holds,
                       int seconds = 30) const;

 private:
  std::string path_;
};

// Something else that listens: the test itself.
class Listener {
 public:
  explicit Listener(int port = 0);  // of 127.0.0.1
  ~Listener();
  Listener(const Listener&) = delete;
  int port() const { return port_; }

 private:
  int fd_, port_ = 0;
};

const data::Value& condition_of(const data::Value& node, std::string_view type);
std::string file_text(const std::string& path);
void write_text(const std::string& path, const std::string& text);

}  // namespace slipway::machine
