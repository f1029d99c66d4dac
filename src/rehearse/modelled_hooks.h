// What hooks of Releases call in a simulated world: a server of requests, and a program. It remembers every call.
//
// An address says how it is answered: http://hooks.example/MANNER/NAME (further parts are ignored), for the program
// "hooks" the argument `call`: MANNER/NAME.
//
//   well     it is done, and said so
//   badly    it is refused: 500, or false
//   flaky    the first call of each AnalysisRun badly, and all later ones well
//   late     it is done, and said so when nobody waits for it any more
//   never    nobody hears of it again
//
// Everything else goes on to the ports behind.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "control/ports.h"
#include "runtime/loop.h"

namespace slipway::rehearse {

inline constexpr std::string_view kHookServer = "http://hooks.example/";
inline constexpr std::string_view kHookProgram = "hooks";

// Chances between 0 and 1.
struct HookFaults {
  double lost_request = 0;  // never arrives, nobody answers
  double lost_answer = 0;   // is done, nobody answers
  static HookFaults drawn(runtime::Random& random);
};

class ModelledHooks {
 public:
  // Of one AnalysisRun.
  struct Calls {
    std::int64_t arrived = 0;
    std::int64_t done = 0;     // of those, that it was told to have ended well, in time
    std::int64_t refused = 0;  // that it was told to have not
  };

  ModelledHooks(runtime::Loop& loop, runtime::Random& random, control::Port& web, control::Port& process);
  ModelledHooks(const ModelledHooks&) = delete;
  ~ModelledHooks() { *alive_ = false; }
  void set_faults(HookFaults faults) { faults_ = faults; }

  control::Port& web_port() { return web_port_; }
  control::Port& process_port() { return process_port_; }
  Calls calls_of(std::string_view run_uid) const;

 private:
  struct CallPort final : control::Port {
    std::function<void(const std::string&, const data::Value&, Done)> answer;
    void perform(const std::string& id, const data::Value& what, Done done) override {
      answer(id, what, std::move(done));
    }
  };
  using Answer = std::function<base::Result<data::Value>(bool good)>;

  bool happens(double chance) { return chance > 0 && random_.unit() < chance; }
  void call(const std::string& id, std::string_view address, Answer answer, control::Port::Done done);
  void answer_web(const std::string& id, const data::Value& question, control::Port::Done done);
  void answer_process(const std::string& id, const data::Value& question, control::Port::Done done);

  runtime::Loop& loop_;
  runtime::Random& random_;
  control::Port &web_, &process_;
  CallPort web_port_, process_port_;
  HookFaults faults_;
  std::map<std::string, Calls, std::less<>> calls_;  // by uid of the AnalysisRun
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace slipway::rehearse
