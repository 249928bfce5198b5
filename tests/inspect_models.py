"""Models for inspect_ai without a model behind them. The harness is imported late: few environments have it."""


def mock(say):
    """A model in this process; ``say``: the last message -> answer."""
    from inspect_ai.model import ModelOutput, ModelUsage, get_model

    def output(messages, tools, choice, config):
        answer = ModelOutput.from_content("mockllm", say(messages[-1].text))
        answer.usage = ModelUsage()  # else the mock counts tokens, with a file from the network
        return answer

    return get_model("mockllm/model", custom_outputs=output, memoize=False)


def served(say, address):
    """The same, as if a server at this address answered."""
    model = mock(say)
    model.api.base_url = address
    return model
