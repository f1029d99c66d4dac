// Hooks of the Release of a simulated story: who is called when, and how that ends.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/value.h"
#include "runtime/loop.h"

namespace slipway::rehearse::app {

struct Choices;

struct HookChoice {
  enum class By { Web, WebDocument, Job, Process };
  enum class Manner { Well, Badly, Flaky, Late, Never };  // modelled_hooks.h; a pod of Flaky ends well

  std::string name;
  std::string at = "BeforeRelease";  // as spec.hooks[].at
  std::int64_t step = 0;             // from 1, for BeforeStep and AfterStep
  By by = By::Web;
  Manner manner = Manner::Well;
  std::int64_t retries = 0;
  bool ignore = false;

  // Its failure fails the release.
  bool decides() const { return !ignore && !of_rollback() && at != "AfterRelease"; }
  bool of_rollback() const { return at == "OnRollback" || at == "AfterRollback"; }
  // Nothing that goes forward can get past it, in whatever world.
  bool stops() const;
  // It ends well where nothing goes wrong by itself.
  bool ends_well() const;
  std::string text() const;  // "BeforeStep 2 late"
};

// `steps` that the strategy has, 0: none that can be named.
std::vector<HookChoice> drawn_hooks(runtime::Random& random, std::int64_t steps);
// As the strategy of these choices counts them.
std::int64_t steps_of(const Choices& choices);

data::Value spec_of(const std::vector<HookChoice>& hooks);  // spec.hooks

}  // namespace slipway::rehearse::app
