// A ReleaseView as text for people. Every function gives lines without line ends.
#pragma once

#include <string>
#include <vector>

#include "view/text.h"
#include "view/view.h"

namespace slipway::view {

using Lines = std::vector<std::string>;

// The whole picture: head, steps, traffic, metrics, tree. Drawn again in place on a terminal.
Lines render_live(const ReleaseView& view, const Style& style);
// The tree alone: Deployment, versions, pods.
Lines render_tree(const ReleaseView& view, const Style& style);

// "12:00:44.000  start     text"
std::string render_line(Time time, std::string_view word, std::string_view text);
// What happened between two looks, one line each, for logs: "12:00:44  step 1    weight 5 %". `before` null: everything
// in the log.
Lines render_changes(const ReleaseView* before, const ReleaseView& after);
// What is waited for, as a heartbeat line.
std::string render_waiting(const ReleaseView& view);

// A rollback with its evidence: why, effect, proof, next commands. Empty without a rollback.
Lines render_rollback(const ReleaseView& view, const Style& style);

// What is wrong, with a command that helps; three lines each. Empty when nothing is known to be.
Lines render_troubles(const ReleaseView& view, const Style& style);
// The release's own sentence, without what the troubles say as well.
std::string message_beside_troubles(const ReleaseView& view);

// "traffic back in 0.400 s, 0.420 s after the failing measurement"; where there is no router, what became of the pods.
// Of a view with a rollback.
std::string effect_text(const ReleaseView& view);
// "99 of 2 114 requests that it answered failed (of the last 2m)"; empty where nobody counts.
std::string cost_text(const delivery::Retreat& retreat);
// What requests it failed, one line a kind: "96 % of the errors: POST /cart/* → 500, first seen 12:20:41 on web-5d8f".
Lines failure_texts(const delivery::Retreat& retreat);

// A Markdown table of the result with its evidence, to be appended to the summary of a pipeline's job. `ended`: why
// nobody waits for it any more, empty when it has ended itself.
Lines render_markdown(const ReleaseView& view, std::string_view ended);

Lines render_history(const ReleaseView& view, const Style& style);
Lines render_plan(const delivery::plan::ReleasePlan& plan);
// "revision 12 (web=shop/web:1.8.2) → 13 (web=shop/web:1.9.0, web-config@8899aabb)"; empty: there is none yet.
std::string versions_text(const ReleaseView& view);
// The decision log: time, rule, sentence.
Lines render_explain(const ReleaseView& view, const Style& style);
// One line: name, phase, step, weight, message.
std::string render_summary(const ReleaseView& view);

}  // namespace slipway::view
