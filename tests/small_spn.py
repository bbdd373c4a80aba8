"""A small `.spn` file: two months of H100, a call, one spread charge, a short option minimum."""

THIRDS = (0, 0, -1, -1, 1, 1, -2, -2, 2, 2, -3, -3, 3, 3)
LOSSES = "".join(f"<a>{73 * third:.2f}</a>" for third in THIRDS) + "<a>-153.30</a><a>153.30</a>"
CALL = (-10, 10, -50, -30, 30, 50, -90, -70, 60, 75, -130, -110, 80, 87, -100, 60)
LEG = "<pLeg><cc>H100</cc><pe>{}</pe><rs>{}</rs><i>1</i></pLeg>"


def _future(number: int, period: str, price: str) -> str:
    return (
        f"<fut><cId>{number}</cId><pe>{period}</pe><p>{price}</p><cvf>730</cvf>"
        f"<ra><r>1</r>{LOSSES}<d>1.0</d></ra></fut>"
    )


SMALL = f"""<?xml version="1.0"?>
<spanFile><fileFormat>4.00</fileFormat><created>20261001</created>
<pointInTime><date>20261001</date><isSetl>1</isSetl><clearingOrg><ec>CFX</ec>
<exchange><exch>CFX</exch>
<futPf><pfId>1</pfId><pfCode>H100</pfCode><cvf>730</cvf>
{_future(1, "20261030", "2.81")}
{_future(2, "20261130", "2.80")}
</futPf>
<oopPf><pfId>2</pfId><pfCode>H100</pfCode><cvf>730</cvf><series><pe>20261030</pe>
<opt><cId>11</cId><o>C</o><k>2.80</k><p>0.12</p><ra>
{"".join(f"<a>{loss}</a>" for loss in CALL)}<d>0.5</d></ra></opt></series></oopPf>
</exchange>
<ccDef><cc>H100</cc><name>H100</name><currency>USD</currency><somMeth>GROSS</somMeth>
<somTiers><tier><tn>1</tn><rate><r>1</r><val>25</val></rate></tier></somTiers>
<dSpread><spread>1</spread><chargeMeth>F</chargeMeth><rate><r>1</r><val>40</val></rate>
{LEG.format("20261030", "A")}{LEG.format("20261130", "B")}</dSpread></ccDef>
</clearingOrg></pointInTime></spanFile>
"""
