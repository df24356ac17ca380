/* cloze/cloze.h - the whole of libcloze. Start with model.h. */
#ifndef CLOZE_CLOZE_H
#define CLOZE_CLOZE_H

#include <cloze/answer.h>
#include <cloze/behaviour.h>
#include <cloze/cache.h>
#include <cloze/choose.h>
#include <cloze/classify.h>
#include <cloze/cluster.h>
#include <cloze/compare.h>
#include <cloze/convert.h>
#include <cloze/corpus.h>
#include <cloze/counterfactual.h>
#include <cloze/explain.h>
#include <cloze/faithful.h>
#include <cloze/fill.h>
#include <cloze/hub.h>
#include <cloze/metrics.h>
#include <cloze/model.h>
#include <cloze/page.h>
#include <cloze/plot.h>
#include <cloze/probe.h>
#include <cloze/rerank.h>
#include <cloze/status.h>
#include <cloze/tag.h>
#include <cloze/tokenizer.h>
#include <cloze/train.h>
#include <cloze/vocabulary.h>
#include <cloze/zero_shot.h>

#endif
