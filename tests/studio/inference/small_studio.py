"""A program that is to a service what the Studio is: asks for a long forward and waits to be killed."""

from __future__ import annotations

import sys
import time

from lpsnet.structures import InspectionSettings
from lpsnet_studio.inference.messages import ImageSource, Inspect, LoadModel, OpenImage
from tests.studio.inference.conversation import Conversation, test_service

if __name__ == "__main__":
    picture, *overrides = sys.argv[1:]
    conversation = Conversation(test_service("faulty_service"))
    conversation.supervisor.start()
    print(conversation.wait_for_service(), flush=True)  # noqa: T201
    conversation.must(LoadModel, "coco_r50", overrides=tuple(overrides))
    conversation.must(OpenImage, "photo", ImageSource(picture))
    conversation.post(Inspect, "photo", InspectionSettings())
    conversation.wait_until(lambda: conversation.progress)
    print("forward", flush=True)  # noqa: T201
    time.sleep(600)
