#include "view/plain.h"

#include <optional>
#include <string>
#include <vector>

#include "view/text.h"

namespace slipway::view {
namespace {

// A class, so that each of them sees all others.
struct Tamer {
  static void tame(std::string& text) { text = one_line(std::move(text)); }
  template <class T>
  static void tame(std::optional<T>& it) {
    if (it) tame(*it);
  }
  template <class T>
  static void tame(std::vector<T>& all) {
    for (T& one : all) tame(one);
  }
  template <class... Parts>
  static void tame_all(Parts&... parts) {
    (tame(parts), ...);
  }

  static void tame(delivery::Revision& r) { tame(r.images); }
  static void tame(delivery::Rejected& r) { tame_all(r.images, r.cause, r.message); }
  static void tame(delivery::Waiting& w) { tame(w.window); }
  static void tame(delivery::Override& o) { tame_all(o.by, o.reason); }
  static void tame(delivery::VariantState& v) { tame_all(v.images, v.message); }
  static void tame(delivery::Check& c) { tame_all(c.name, c.message); }
  static void tame(delivery::Trouble& t) { tame_all(t.object, t.message); }
  static void tame(delivery::FailedRequests& f) { tame_all(f.method, f.path, f.first_on); }
  static void tame(delivery::Retreat& r) { tame_all(r.message, r.metric, r.from, r.failures, r.verification.checks); }
  static void tame(CommandView& c) { tame_all(c.verb, c.by, c.reason, c.tool); }
  static void tame(MetricView& m) { tame_all(m.name, m.unit, m.limit); }
  static void tame(StepView& s) { tame_all(s.text, s.metrics, s.commands); }
  static void tame(PodView& p) { tame(p.status); }
  static void tame(VersionView& v) { tame_all(v.role, v.images, v.pods); }
  static void tame(LogFinding& f) { tame_all(f.text, f.pod); }
  static void tame(LogEntry& e) { tame_all(e.rule, e.text); }
  static void tame(HistoryEntry& h) { tame_all(h.images, h.result, h.cause, h.message, h.by, h.reason); }
  static void tame(ReleaseView& v) {
    tame_all(v.message, v.beside, v.stable, v.candidate, v.rejected, v.waiting, v.overridden, v.asked, v.rollback);
    tame_all(v.variants, v.steps, v.metrics, v.versions, v.troubles, v.findings, v.log, v.history);
  }
};

}  // namespace

ReleaseView plain(ReleaseView view) {
  Tamer::tame(view);
  return view;
}

}  // namespace slipway::view
