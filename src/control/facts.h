// Answers of the outside world: asked as effects, recorded here, observed by later decisions.
//
// One question per id: asking again what is recorded or under way does nothing, so a repeated decision asks once. Every
// question ends in a fact: an answer, or Timeout, or NotFound when nobody serves the port. Facts live as long as this
// process and leadership term; what must outlive them the controller copies into its status.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "control/controller.h"
#include "control/ports.h"
#include "runtime/loop.h"

namespace slipway::control {

class Facts {
 public:
  explicit Facts(runtime::Loop& loop) : loop_(loop) {}
  Facts(const Facts&) = delete;
  ~Facts() { *alive_ = false; }

  void add_port(std::string name, Port& port) { ports_[std::move(name)] = &port; }

  // `owner` is who must decide again when the answer is there.
  using Answered = std::function<void()>;
  void ask(const std::string& id, const std::string& port, const data::Value& what, base::Duration timeout,
           std::string owner, Answered answered);
  void forget(std::string_view id);
  void forget_owner(std::string_view owner);
  void clear();

  const Fact* find(std::string_view id) const;
  bool is_pending(std::string_view id) const { return pending_.contains(id); }

 private:
  struct Pending {
    base::Time asked;
    std::uint64_t serial;  // tells a late answer to an earlier question of the same id
    std::string owner;
    Answered answered;
    runtime::Timer timer;
  };
  struct Recorded {
    Fact fact;
    std::string owner;
  };
  void record(const std::string& id, std::uint64_t serial, base::Result<data::Value> answer);

  runtime::Loop& loop_;
  std::map<std::string, Port*, std::less<>> ports_;
  std::map<std::string, Pending, std::less<>> pending_;
  std::map<std::string, Recorded, std::less<>> recorded_;
  std::uint64_t serials_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace slipway::control
