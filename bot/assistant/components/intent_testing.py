"""Rasa's own test of intents, many in one process: importing Rasa is what takes long.

    python -m components.intent_testing PLAN

The plan is JSON: `{"config", "domain", "runs": [{"train", "tests": {name: file}}]}`.
Each run trains a model on the folder `train`, and tests it on each file. After each a
line of JSON is printed that begins with `MARK`, among all that Rasa prints.
"""

import asyncio
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Dict, List, Text

from rasa.core.agent import Agent
from rasa.model_training import train_nlu
from rasa.nlu.test import run_evaluation

MARK = "tested: "


def main(plan: Dict[Text, Any]) -> None:
    """Do every run of the plan in turn."""
    for run in plan["runs"]:
        with TemporaryDirectory() as folder:
            model = train_nlu(plan["config"], run["train"], folder)
            agent = Agent.load(model_path=model)
            found = {
                name: _test(agent, file, plan["domain"])
                for name, file in run["tests"].items()
            }
        print(f"\n{MARK}{json.dumps(found)}", flush=True)


def _test(agent: Agent, file: Text, domain: Text) -> List[List[Any]]:
    """What was expected, what was given, and how surely."""
    evaluation = run_evaluation(
        file, agent.processor, disable_plotting=True, domain_path=domain
    )
    predictions = asyncio.run(evaluation)["intent_evaluation"]["predictions"]
    return [[p["intent"], p["predicted"], p["confidence"]] for p in predictions]


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
